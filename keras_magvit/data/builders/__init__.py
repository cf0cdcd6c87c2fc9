"""Preparation of the large datasets with TensorFlow Datasets, and reading the result.

Nothing here is imported before a dataset is prepared or opened.
"""
