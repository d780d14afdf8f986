import CHDF5
import Foundation

extension HDF5Writer {
    /// Gives an object an attribute, replacing one of that name. The root is "" or "/".
    ///
    /// Strings become UTF-8 of variable length, as h5py writes them; integers int64, numbers float64.
    ///
    /// - Precondition: the value is not `.other`.
    public func setAttribute(_ attribute: String, to value: AttributeValue, of name: String = "") throws {
        try HDF5Library.locked {
            let place = place(name)
            let problem = "its attribute \(attribute) cannot be written"
            let path = components(of: name).joined(separator: "/")
            let standard = fourthroot_h5_default()
            let object = try place.take(H5Oopen(file, path.isEmpty ? "/" : path, standard), problem, kind: .writeFailed)
            if try place.check(H5Aexists(object.raw, attribute), problem, kind: .writeFailed) > 0 {
                try place.check(H5Adelete(object.raw, attribute), problem, kind: .writeFailed)
            }
            let type = try attributeType(value, place)
            let space = try dataspace(attributeShape(value), place)
            let created = try place.take(
                H5Acreate2(object.raw, attribute, type.raw, space.raw, standard, standard), problem,
                kind: .writeFailed)
            try place.check(write(value, type.raw, to: created.raw), problem, kind: .writeFailed)
            try place.check(created.close(), problem, kind: .writeFailed)
            try place.check(object.close(), problem, kind: .writeFailed)
        }
    }

    private func attributeType(_ value: AttributeValue, _ place: ObjectPlace) throws -> Identifier {
        let source =
            switch value {
            case .string, .strings: fourthroot_h5_c_string()
            case .integer, .integers: fourthroot_h5_std_i64le()
            case .number, .numbers: fourthroot_h5_ieee_f64le()
            case .other(let text): preconditionFailure("an attribute of \(text)")
            }
        let type = try place.take(H5Tcopy(source), "no attribute type", kind: .writeFailed)
        if source == fourthroot_h5_c_string() {
            try place.check(
                H5Tset_size(type.raw, fourthroot_h5_variable_length()), "no string type", kind: .writeFailed)
            try place.check(H5Tset_cset(type.raw, H5T_CSET_UTF8), "no string type", kind: .writeFailed)
        }
        return type
    }

    private func attributeShape(_ value: AttributeValue) -> [Int] {
        switch value {
        case .string, .integer, .number, .other: []
        case .strings(let values): [values.count]
        case .integers(let values): [values.count]
        case .numbers(let values): [values.count]
        }
    }

    private func write(_ value: AttributeValue, _ type: hid_t, to attribute: hid_t) -> Int32 {
        switch value {
        case .string(let text): writeStrings([text], type, to: attribute)
        case .strings(let texts): writeStrings(texts, type, to: attribute)
        case .integer(let number): H5Awrite(attribute, fourthroot_h5_native_int64(), [Int64(number)])
        case .integers(let numbers): H5Awrite(attribute, fourthroot_h5_native_int64(), numbers.map { Int64($0) } + [0])
        case .number(let number): H5Awrite(attribute, fourthroot_h5_native_double(), [number])
        case .numbers(let numbers): H5Awrite(attribute, fourthroot_h5_native_double(), numbers + [0])
        case .other: -1
        }
    }

    private func writeStrings(_ texts: [String], _ type: hid_t, to attribute: hid_t) -> Int32 {
        let pointers = texts.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        return H5Awrite(attribute, type, pointers + [nil])
    }
}
