//! JavaScript strings, copied straight into the core's queue.

use std::ptr;

use napi::{Env, JsString, JsValue, sys};
use session_store::Text;

/// A JavaScript string for as long as a call lasts.
pub(crate) struct JsText {
    env: sys::napi_env,
    value: sys::napi_value,
}

impl JsText {
    pub(crate) fn new(env: &Env, string: &JsString<'_>) -> Self {
        Self { env: env.raw(), value: string.raw() }
    }
}

impl Text for JsText {
    fn append_to(&self, bytes: &mut Vec<u8>) {
        // SAFETY: the value is a string of this call. The first call gives its length in UTF-16
        // code units without looking at them; none takes more than three bytes of UTF-8. The second
        // writes at most as many bytes as were reserved, and says how many they are.
        unsafe {
            let mut units = 0;
            sys::napi_get_value_string_utf16(
                self.env,
                self.value,
                ptr::null_mut(),
                0,
                &raw mut units,
            );
            bytes.reserve(units * 3 + 1);
            let spare = bytes.spare_capacity_mut();
            let mut written = 0;
            sys::napi_get_value_string_utf8(
                self.env,
                self.value,
                spare.as_mut_ptr().cast(),
                spare.len(),
                &raw mut written,
            );
            bytes.set_len(bytes.len() + written);
        }
    }
}
