import Foundation
import MatrixCore
import Testing

/// Seeded damage to an HDF5 file: the study reads it or refuses it, and never dies.
@Suite struct DamagedFileTests {
    @Test(arguments: [1, 2] as [UInt64]) func mutatedFiles(_ seed: UInt64) throws {
        let folder = try TemporaryFolder()
        try folder.createHDF5("whole.h5") { writer in
            try writer.write(try geometricMatrix(order: 8), to: "plain")
            try writer.write(try geometricMatrix(order: 9), to: "group/packed", storage: .compressed)
            try writer.write(Matrix<Float>(try geometricMatrix(order: 7)), to: "group/single")
            try writer.setAttribute("configuration", to: .string("{\"order\": 8}"))
        }
        let whole = Array(try folder.data("whole.h5"))
        // Metadata are where damage is worst: bytes that are not those of the contiguous data.
        let metadata = whole.indices.filter { whole[$0] != 0 }
        var generator = PhiloxGenerator(seed: seed)
        func random(_ count: Int) -> Int { Int(Double(count) * generator.uniform()) }
        var statuses: [Int32: Int] = [:]
        for round in 0..<50 {
            var bytes = whole
            switch round % 5 {
            case 0: bytes.removeLast(1 + random(bytes.count - 1))
            case 1: bytes[random(bytes.count)] = UInt8(truncatingIfNeeded: generator.next())
            case 2: for _ in 0..<8 { bytes[metadata[random(metadata.count)]] = 0xFF }
            default: for _ in 0...random(3) { bytes[metadata[random(metadata.count)]] ^= 1 << random(8) }
            }
            try folder.write(Data(bytes), to: "a.h5")
            let run = try folder.run(
                ["study", "a.h5", "--no-cache", "--statistic", "full", "-o", "out.csv"], timeout: 90)
            let status = run.status ?? -1
            #expect([0, 65, 66].contains(status), "round \(round): \(run)")
            #expect(status == 0 || run.standardError.contains("a.h5"), "round \(round): \(run)")
            statuses[status, default: 0] += 1
            let names = try folder.names
            #expect(
                names == ["a.h5", "whole.h5"] || names == ["a.h5", "out.csv", "whole.h5"], "round \(round): \(names)")
            #expect(status != 0 || folder.contains("out.csv"), "round \(round)")
            if folder.contains("out.csv") {
                #expect(try !folder.text("out.csv").lowercased().contains("nan"), "round \(round)")
                try folder.remove("out.csv")
            }
        }
        #expect((statuses[0] ?? 0) > 0 && (statuses[65] ?? 0) > 10, "damage too small or too large: \(statuses)")
    }
}
