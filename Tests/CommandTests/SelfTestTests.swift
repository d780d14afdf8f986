import Testing

/// Devices held to the definitions, and devices that are not there.
@Suite struct SelfTestTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The tests of the backend hold it to all cases.
    @Test func theProcessorCodesAsDefined() throws {
        let lines = try folder.succeed(["selftest", "--filter", "block codec"]).standardOutput.split(separator: "\n")
        #expect(lines.dropLast().allSatisfy { $0.hasSuffix(": ok") })
        #expect(lines.last == "cpu: \(lines.count - 1) of \(lines.count - 1) cases as defined" && lines.count > 100)
    }

    @Test(arguments: ["gpu", "cuda:", "cuda:-1", "cuda:x", "cuda:0:1", ""]) func wordsThatNameNoDevice(_ device: String) throws
    {
        try folder.expectRefusal(["selftest", "--device", device], status: 64, words: ["cuda:INDEX"])
    }

    /// On a machine without a driver, or with a driver and fewer than a thousand devices.
    @Test func aDeviceThatIsNotThere() throws {
        let isInstalled = try folder.succeed(["devices"]).standardOutput.contains("NVIDIA's driver: CUDA")
        try folder.expectRefusal(
            ["selftest", "--device", "cuda:999"], status: 69,
            words: [isInstalled ? "999" : "NVIDIA's driver was not found (tried libcuda.so.1)"])
    }
}
