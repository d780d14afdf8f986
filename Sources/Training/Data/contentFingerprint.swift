import Files

/// The XXH3 of the bytes of all arrays, one after another, in hexadecimal.
func contentFingerprint<Element: FixedWidthInteger>(of arrays: [Element]...) -> String {
    let hash = ContentHash()
    for array in arrays { array.withUnsafeBytes { hash.combine($0) } }
    return hash.text
}
