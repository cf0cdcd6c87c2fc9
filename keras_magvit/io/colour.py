"""How FFmpeg converts between YUV and RGB here, the same in both directions."""

# libswscale's flags BICUBIC, FULL_CHR_H_INT, FULL_CHR_H_INP and ACCURATE_RND. The
# default takes a quick path that repeats chroma samples and rounds down; on a small
# clip that costs more than the codec does (38 instead of 51 dB on a smooth one).
ACCURATE = 0x4 | 0x2000 | 0x4000 | 0x40000

# The numbers that FFmpeg gives to BT.709 (as matrix, primaries and transfer) and to
# limited range, which is what players expect of a video.
BT709 = 1
LIMITED_RANGE = 1
