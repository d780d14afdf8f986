import CHDF5
import MatrixCore

/// An element as it lies in the file.
struct StoredElement {
    var type: ElementType
    let order: ByteOrder?
    let bytes: Int
    /// What the writer of an opaque type calls it; nil of other types.
    let opaqueTag: String?

    /// - Parameter type: an open data type.
    init(type: hid_t) {
        bytes = Int(clamping: H5Tget_size(type))
        opaqueTag = H5Tget_class(type) == H5T_OPAQUE ? Self.tag(type) : nil
        let order: ByteOrder? =
            switch H5Tget_order(type) {
            case H5T_ORDER_LE: .littleEndian
            case H5T_ORDER_BE: .bigEndian
            // Opaque elements lie as they did in their writer's memory.
            default: opaqueTag == nil ? nil : .littleEndian
            }
        self.order = order
        self.type =
            switch H5Tget_class(type) {
            case H5T_FLOAT: Self.float(type, bytes: bytes, order: order)
            case H5T_INTEGER: Self.integer(type, bytes: bytes, order: order)
            case H5T_STRING: .string
            case H5T_COMPOUND: .other("compound")
            case H5T_ENUM: .other("enumeration")
            case H5T_OPAQUE: .other("opaque")
            case H5T_BITFIELD: .other("bit field")
            case H5T_REFERENCE: .other("reference")
            case H5T_ARRAY: .other("array")
            case H5T_VLEN: .other("variable-length sequence")
            default: .other("unknown type")
            }
    }

    private static func tag(_ type: hid_t) -> String {
        guard let tag = H5Tget_tag(type) else { return "" }
        defer { H5free_memory(tag) }
        return String(cString: tag)
    }

    private static func float(_ type: hid_t, bytes: Int, order: ByteOrder?) -> ElementType {
        if H5Tequal(type, fourthroot_h5_ieee_f32le()) > 0 || H5Tequal(type, fourthroot_h5_ieee_f32be()) > 0 {
            return .float32
        }
        if H5Tequal(type, fourthroot_h5_ieee_f64le()) > 0 || H5Tequal(type, fourthroot_h5_ieee_f64be()) > 0 {
            return .float64
        }
        guard bytes == 2, order != nil, H5Tget_precision(type) == 16, H5Tget_norm(type) == H5T_NORM_IMPLIED else {
            return .otherFloat(bytes: bytes)
        }
        var (sign, exponent, exponentSize, mantissa, mantissaSize) = (0, 0, 0, 0, 0)
        guard H5Tget_fields(type, &sign, &exponent, &exponentSize, &mantissa, &mantissaSize) >= 0 else {
            return .otherFloat(bytes: bytes)
        }
        switch (sign, exponent, exponentSize, mantissa, mantissaSize, H5Tget_ebias(type)) {
        case (15, 10, 5, 0, 10, 15): return .float16
        case (15, 7, 8, 0, 7, 127): return .bfloat16
        default: return .otherFloat(bytes: bytes)
        }
    }

    private static func integer(_ type: hid_t, bytes: Int, order: ByteOrder?) -> ElementType {
        let plain = [1, 2, 4, 8].contains(bytes) && H5Tget_precision(type) == 8 * bytes && H5Tget_offset(type) == 0
        guard plain, order != nil else { return .other("an integer of unusual layout") }
        return .integer(bytes: bytes, signed: H5Tget_sign(type) == H5T_SGN_2)
    }
}
