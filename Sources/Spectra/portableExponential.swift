import MatrixCore

/// e^x by additions, multiplications and scaling by a power of two, hence the same bits on every IEEE machine; the C
/// library's exponential has different last bits on different machines.
///
/// With x = k·ln 2 + r, |r| ≤ 0.347: e^x = 2^k·Σ r^i/i!, to the thirteenth power; the first omitted term is below
/// 5e-18. ln 2 is split into a part of 32 bits, whose product with k is exact, and the rest, so the error is a few
/// units in the last place for every x. Infinite or zero where e^x leaves the range of double.
///
/// - Precondition: x is not NaN.
public func portableExponential(_ x: Double) -> Double {
    precondition(!x.isNaN, "the exponential of NaN")
    if x > 710 { return .infinity }
    if x < -746 { return 0 }
    let k = (x * 1.4426950408889634).rounded(.toNearestOrEven)
    let r = (x - k * 0x1.62e42feep-1) - k * 0x1.a39ef35793c76p-33
    var sum = 1.0
    for i in stride(from: 13.0, through: 1, by: -1) { sum = 1 + sum * r / i }
    return Double(sign: .plus, exponent: Int(k), significand: sum)
}

/// x^a = e^(a·ln x) with the same bits on every machine; the relative error is at most about (2 + 3|a·ln x|)·2⁻⁵².
///
/// - Precondition: x is positive and normal.
public func portablePower(_ x: Double, _ a: Double) -> Double {
    portableExponential(a * portableLogarithm(x))
}
