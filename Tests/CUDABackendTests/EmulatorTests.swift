import CUDAEmulator
import Foundation
import Testing

@testable import CUDABackend

extension CUDABackendTests {
    /// What the emulator is there for: it shows what a device would hide most of the time.
    @Suite struct EmulatorTests {
        /// The driver, and two streams of its.
        private struct Streams {
            let driver: Driver
            let first: Driver.Stream?
            let second: Driver.Stream?

            init() throws {
                driver = try EmulatedLibrary.cuda().driver
                first = try driver.makeStream()
                second = try driver.makeStream()
            }

            func upload(_ values: [Float], on stream: Driver.Stream?) throws -> Driver.Address {
                let address = try #require(try driver.allocate(4 * values.count, on: stream))
                try values.withUnsafeBytes { try driver.copy($0, to: address, on: stream) }
                return address
            }

            func download(_ address: Driver.Address, count: Int, on stream: Driver.Stream?) throws -> [Float] {
                var values = [Float](repeating: 0, count: count)
                try values.withUnsafeMutableBytes {
                    try driver.copy(address, to: $0, on: stream)
                    try driver.synchronize(stream)
                }
                return values
            }
        }

        @Test func everyKernelOfTheSourcesIsInTheTable() throws {
            var table: Set<String> = []
            var index: Int32 = 0
            while let name = fr_emulator_kernel(index) {
                #expect(table.insert(String(cString: name)).inserted, "\(String(cString: name)) is there twice")
                index += 1
            }
            var sources: Set<String> = []
            for source in KernelSource.all {
                for match in source.text.matches(of: /KERNEL (?:__launch_bounds__\([^)]*\) )?void (\w+)\(/) {
                    sources.insert("\(source.file):\(match.1)")
                }
            }
            #expect(table == sources)
        }

        @Test func workWaitsForEvents() throws {
            let streams = try Streams()
            let address = try streams.upload([1, 2, 3], on: streams.first)
            let event = try streams.driver.makeEvent()
            try streams.driver.record(event, on: streams.first)
            try streams.driver.wait(streams.second, for: event)
            try streams.driver.destroy(event: event)
            #expect(try streams.download(address, count: 3, on: streams.second) == [1, 2, 3])
            #expect(fr_emulator_faults() == 0)
        }

        @Test func aMissingEventShows() throws {
            let streams = try Streams()
            let address = try streams.upload([1, 2, 3], on: streams.first)
            // The first stream has not been waited for: not even its memory is there.
            #expect(throws: DeviceError.self) { try streams.download(address, count: 3, on: streams.second) }
            #expect(fr_emulator_faults() == 1)
        }

        @Test func valuesThatAreNotThereYetShow() throws {
            let streams = try Streams()
            let address = try #require(try streams.driver.allocate(12, on: streams.first))
            try streams.driver.synchronize(streams.first)
            try [Float](repeating: 7, count: 3).withUnsafeBytes { try streams.driver.copy($0, to: address, on: streams.first) }
            #expect(try streams.download(address, count: 3, on: streams.second).allSatisfy(\.isNaN))
        }

        @Test func memoryThatWasGivenBackShows() throws {
            let streams = try Streams()
            let address = try streams.upload([1, 2, 3], on: streams.first)
            try streams.driver.synchronize(streams.first)
            try streams.driver.free(address, on: streams.first)
            // In the order of the second stream it is still there, until the first one has come to it.
            #expect(try streams.download(address, count: 3, on: streams.second) == [1, 2, 3])
            try streams.driver.synchronize(streams.first)
            #expect(throws: DeviceError.self) { try streams.download(address, count: 3, on: streams.second) }
            #expect(fr_emulator_faults() == 1)
            // As on a device, nothing is computed any more.
            #expect(throws: DeviceError.self) { try streams.driver.synchronize() }
        }

        @Test func writesOutsideOfAPieceShow() throws {
            let streams = try Streams()
            let address = try streams.upload([1, 2, 3], on: streams.first)
            try streams.driver.synchronize(streams.first)
            // The sanitizer would end the process here, as it is meant to.
            if fr_emulator_is_sanitized() != 0 { return }
            UnsafeMutablePointer<UInt8>(bitPattern: UInt(address + 12))?.pointee = 0
            #expect(fr_emulator_faults() == 1)
        }

        @Test func aFreeOfWhatIsNotThereIsRefused() throws {
            let streams = try Streams()
            let address = try streams.upload([1], on: streams.first)
            try streams.driver.free(address, on: streams.first)
            #expect(throws: DeviceError.self) { try streams.driver.free(address, on: streams.first) }
        }

        @Test func theHighestMarkIsThatOfTheCalls() throws {
            let streams = try Streams()
            let pool = try streams.driver.defaultPool(of: 0)
            let address = try #require(try streams.driver.allocate(1000, on: streams.first))
            try streams.driver.free(address, on: streams.first)
            _ = try #require(try streams.driver.allocate(300, on: streams.first))
            #expect(try streams.driver.value(.usedBytesHigh, of: pool) == 1000)
            #expect(fr_emulator_live_objects() == 3)
        }

        @Test func workThatFailsBreaksTheContext() throws {
            let streams = try Streams()
            fr_emulator_fail_work(1, 719)
            _ = try streams.upload([1], on: streams.first)
            #expect(throws: DeviceError.call("cuStreamSynchronize", code: 719, text: "an emulated error")) {
                try streams.driver.synchronize(streams.first)
            }
            #expect(throws: DeviceError.self) { try streams.upload([1], on: streams.second) }
        }
    }
}
