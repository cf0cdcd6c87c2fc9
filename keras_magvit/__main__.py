"""`python -m keras_magvit`: the same as the console script `keras-magvit`."""

import sys

from keras_magvit.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
