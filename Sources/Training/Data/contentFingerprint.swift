import Files

/// The XXH3 of the bytes of an array, in hexadecimal.
func contentFingerprint<Element: FixedWidthInteger>(of array: [Element]) -> String {
    array.withUnsafeBytes { contentHash($0) }
}
