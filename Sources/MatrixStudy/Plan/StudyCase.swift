import Preconditioning
import Quantization

/// A codebook, its bits and the block that shares a maximum, as the plan and the CSV name them.
public struct CodingChoice: Sendable, Hashable {
    public let codebook: CodebookName
    public let bits: Int
    public let block: Int

    public init(codebook: CodebookName, bits: Int, block: Int) {
        self.codebook = codebook
        self.bits = bits
        self.block = block
    }

    /// - Throws: `QuantizationError`.
    public func blockCoding() throws(QuantizationError) -> BlockCoding {
        try BlockCoding(codebook: Codebook(codebook, bits: bits), blockSize: block)
    }
}

/// The goal of a storage of variable length, as the plan and the CSV name it: an error or a budget, and the leak.
public struct DeflationChoice: Sendable, Hashable {
    public let error: Double?
    public let bitsPerEntry: Double?
    public let leak: Double

    /// - Throws: `DeflationError`.
    func goal() throws(DeflationError) -> DeflationGoal {
        try DeflationGoal(
            bitsPerEntry.map { .bitsPerEntry($0) } ?? .error(error ?? DeflationGoal.standardError), leak: leak)
    }
}

/// A statistic on its way to a root: everything of a case but the root's own storage.
public struct StatisticCase: Sendable, Hashable {
    /// log2 τ, or nil for the matrix as it is.
    public internal(set) var contraction: Double?
    public let damping: Double
    public let exponent: Double
    public let kind: StatisticKind
    public let coding: CodingChoice?
    public let rectificationSteps: Int?
    public let reflectorLoop: ReflectorLoop?
    public let deflation: DeflationChoice?
    public let solver: RootSolver

    func storage() throws -> StatisticStorage {
        StatisticStorage(
            kind,
            StorageSettings(
                coding: try coding?.blockCoding(), reflectorLoop: reflectorLoop, deflation: try deflation?.goal()))
    }
}

/// A root's storage.
public struct RootCase: Sendable, Hashable {
    public let kind: RootKind
    public let coding: CodingChoice?
    public let deflation: DeflationChoice?

    func storage() throws -> RootStorage {
        RootStorage(kind, StorageSettings(coding: try coding?.blockCoding(), deflation: try deflation?.goal()))
    }
}

/// One row of the study: a statistic's way to a root, and how that root is kept.
public struct StudyCase: Sendable, Hashable {
    public let statistic: StatisticCase
    public let root: RootCase

    /// Whether nothing is coded.
    public var isExact: Bool { statistic.kind.traits.isExact && root.kind.traits.isExact }

    /// nil for exact/exact and for a shared root, where no solver stands between a storage and the reference.
    public var solver: RootSolver? {
        if root.kind.traits.isShared { return nil }
        return isExact ? nil : statistic.solver
    }
}

extension StatisticCase {
    /// The case in a few words, for messages.
    var summary: String {
        var parts = ["statistic \(kind.rawValue)"]
        if let coding { parts.append("\(coding.codebook.rawValue), \(coding.bits) bits, block \(coding.block)") }
        if let deflation {
            parts.append(deflation.bitsPerEntry.map { "\($0) bits an entry" } ?? "nre \(deflation.error ?? 0)")
        }
        if reflectorLoop == .open { parts.append("open loop") }
        if let contraction { parts.append("contraction \(contraction)") }
        return parts.joined(separator: ", ")
    }
}
