/// A duration for people: "0.4 s", "38 s", "2 min 5 s", "3 h 20 min".
func durationText(_ seconds: Double) -> String {
    guard seconds < 1e9 else { return "unknown" }
    let tenths = (seconds * 10).rounded()
    if tenths < 100 { return tenths.remainder(dividingBy: 10) == 0 ? "\(Int(tenths / 10)) s" : "\(tenths / 10) s" }
    let whole = Int(seconds.rounded())
    return whole >= 3600
        ? "\(whole / 3600) h \(whole % 3600 / 60) min" : whole >= 60 ? "\(whole / 60) min \(whole % 60) s" : "\(whole) s"
}

/// A number of things: "1 row", "2 rows".
func counted(_ count: Int, _ thing: String) -> String { "\(count) \(thing)\(count == 1 ? "" : "s")" }
