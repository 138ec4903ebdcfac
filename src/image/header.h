/* What a picture file says about itself before anything is decoded: format, size, orientation, completeness.
 *
 * Everything here reads untrusted bytes, within bounds, without allocating; time is linear in the file's
 * chunks. */
#ifndef MN_IMAGE_HEADER_H
#define MN_IMAGE_HEADER_H

#include "image/decode.h"

/* From the first bytes; MN_FORMAT_UNKNOWN for what is not read here. */
mn_image_format mn_header_sniff(const uint8_t *bytes, size_t n);
/* MN_E_UNSUPPORTED with a text that says what these bytes look like and which formats are read. */
mn_code mn_header_refuse(const uint8_t *bytes, size_t n, mn_error *err);
/* All formats but JPEG, whose header libjpeg reads. An animation is MN_E_UNSUPPORTED, a cut file MN_E_DECODE.
 */
mn_code mn_header_read(const uint8_t *bytes, size_t n, mn_image_format format, mn_image_info *out,
                       mn_error *err);
/* MN_E_LIMIT when the size is past the limits, MN_E_DECODE when it is none. */
mn_code mn_header_check(const mn_image_info *info, const mn_decode_limits *limits, mn_error *err);

#endif
