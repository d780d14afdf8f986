#pragma once
#define H5_USE_110_API  // The names of 1.10 also under 1.12 and 1.14.
#include <hdf5.h>
#include <stdbool.h>

// HDF5's types, classes and defaults are macros over mutable globals, which Swift cannot import. Reading one also
// initializes the library, hence functions.

static inline hid_t fourthroot_h5_ieee_f32le(void) { return H5T_IEEE_F32LE; }
static inline hid_t fourthroot_h5_ieee_f32be(void) { return H5T_IEEE_F32BE; }
static inline hid_t fourthroot_h5_ieee_f64le(void) { return H5T_IEEE_F64LE; }
static inline hid_t fourthroot_h5_ieee_f64be(void) { return H5T_IEEE_F64BE; }
static inline hid_t fourthroot_h5_std_u8le(void) { return H5T_STD_U8LE; }
static inline hid_t fourthroot_h5_std_u64le(void) { return H5T_STD_U64LE; }
static inline hid_t fourthroot_h5_std_i64le(void) { return H5T_STD_I64LE; }
static inline hid_t fourthroot_h5_native_float(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t fourthroot_h5_native_double(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t fourthroot_h5_native_uint8(void) { return H5T_NATIVE_UINT8; }
static inline hid_t fourthroot_h5_native_uint64(void) { return H5T_NATIVE_UINT64; }
static inline hid_t fourthroot_h5_native_int64(void) { return H5T_NATIVE_INT64; }
static inline hid_t fourthroot_h5_c_string(void) { return H5T_C_S1; }
static inline size_t fourthroot_h5_variable_length(void) { return H5T_VARIABLE; }

static inline hid_t fourthroot_h5_file_create_class(void) { return H5P_FILE_CREATE; }
static inline hid_t fourthroot_h5_file_access_class(void) { return H5P_FILE_ACCESS; }
static inline hid_t fourthroot_h5_group_create_class(void) { return H5P_GROUP_CREATE; }
static inline hid_t fourthroot_h5_dataset_create_class(void) { return H5P_DATASET_CREATE; }

static inline hid_t fourthroot_h5_default(void) { return H5P_DEFAULT; }
static inline hid_t fourthroot_h5_all(void) { return H5S_ALL; }
static inline unsigned fourthroot_h5_read_only(void) { return H5F_ACC_RDONLY; }
static inline unsigned fourthroot_h5_read_write(void) { return H5F_ACC_RDWR; }
static inline unsigned fourthroot_h5_exclusive(void) { return H5F_ACC_EXCL; }
static inline unsigned fourthroot_h5_truncate(void) { return H5F_ACC_TRUNC; }
static inline hsize_t fourthroot_h5_unlimited(void) { return H5S_UNLIMITED; }

// The error stack of this thread, not printed; in a thread-safe build the setting belongs to the thread.
static inline herr_t fourthroot_h5_silence(void) { return H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }
static inline herr_t fourthroot_h5_walk_errors(H5E_walk2_t visit, void *context) {
  return H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, visit, context);
}

// Functions that later releases turned into versioned macros.
static inline herr_t fourthroot_h5_iterate_links(hid_t group, H5L_iterate_t visit, void *context) {
  return H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, visit, context);
}
static inline herr_t fourthroot_h5_link_info(hid_t group, const char *name, H5L_info_t *info) {
  return H5Lget_info(group, name, info, H5P_DEFAULT);
}
static inline herr_t fourthroot_h5_basic_info(hid_t object, H5O_info_t *info) {
  return H5Oget_info2(object, info, H5O_INFO_BASIC);
}

// Dirty metadata stay in memory until the file is flushed: a full disk is met there, where space is reserved first, and
// not in the middle of any other call.
static inline herr_t fourthroot_h5_hold_metadata(hid_t file_access) {
  H5AC_cache_config_t configuration;
  configuration.version = H5AC__CURR_CACHE_CONFIG_VERSION;
  herr_t status = H5Pget_mdc_config(file_access, &configuration);
  if (status < 0) return status;
  configuration.evictions_enabled = 0;
  configuration.incr_mode = H5C_incr__off;
  configuration.flash_incr_mode = H5C_flash_incr__off;
  configuration.decr_mode = H5C_decr__off;
  return H5Pset_mdc_config(file_access, &configuration);
}

// A "conversion" that leaves a string of variable length as the reference that is in the file.
static inline herr_t fourthroot_h5_keep_reference(hid_t source, hid_t target, H5T_cdata_t *state, size_t count,
                                                  size_t stride, size_t background_stride, void *buffer,
                                                  void *background, hid_t transfer) {
  (void)target, (void)count, (void)stride, (void)background_stride, (void)buffer, (void)background, (void)transfer;
  if (state->command == H5T_CONV_INIT) {
    state->need_bkg = H5T_BKG_NO;
    if (source >= 0 && H5Tis_variable_str(source) <= 0) return -1;
  }
  return 0;
}

// Makes strings of variable length readable as opaque elements of the size of a reference.
static inline herr_t fourthroot_h5_register_references(void) {
  hid_t string = H5Tcopy(H5T_C_S1);
  hid_t opaque = H5Tcreate(H5T_OPAQUE, 16);
  herr_t status = -1;
  if (string >= 0 && opaque >= 0 && H5Tset_size(string, H5T_VARIABLE) >= 0) {
    status = H5Tregister(H5T_PERS_SOFT, "string reference", string, opaque, fourthroot_h5_keep_reference);
  }
  if (string >= 0) H5Tclose(string);
  if (opaque >= 0) H5Tclose(opaque);
  return status;
}
