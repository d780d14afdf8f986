import ArgumentParser
import MatrixStudy

/// Which axes a command has.
protocol AxisSelection {
    static var axes: [StudyAxis] { get }
}

enum EveryAxis: AxisSelection {
    static let axes = StudyAxis.all
}

typealias CaseOptions = AxisOptions<EveryAxis>

/// Axes of the study as options, one for each line of their table, shared by the commands that put matrices through storages.
/// Each is a list.
struct AxisOptions<Selection: AxisSelection>: ParsableArguments {
    /// What was given for each axis, by its name.
    private var texts: [String: [String]] = [:]

    init() {}

    /// The axes that were given. A list that is given twice is one list.
    ///
    /// - Throws: `PlanError`.
    func axes() throws(PlanError) -> CaseGrid {
        var grid = CaseGrid()
        for axis in Selection.axes {
            guard let given = texts[axis.name], !given.isEmpty else { continue }
            try grid.set(axis, given.joined(separator: ","), title: "--\(axis.name)")
        }
        return grid
    }
}

// The parser finds options by reflection, and reads them as a decoder of the type's properties: an axis is one of both.

extension AxisOptions: CustomReflectable {
    var customMirror: Mirror {
        Mirror(
            self,
            children: Selection.axes.map { axis in
                let option = Option<[String]>(
                    wrappedValue: [], name: .customLong(axis.name),
                    // A number may begin with a minus.
                    parsing: axis.words.isEmpty ? .unconditionalSingleValue : .singleValue,
                    help: ArgumentHelp(Self.help(of: axis), valueName: "list"),
                    completion: axis.words.isEmpty ? .default : .words(axis.words))
                return (label: "_\(axis.name)", value: option)
            })
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AxisKey.self)
        for axis in Selection.axes {
            texts[axis.name] = try container.decode(Option<[String]>.self, forKey: AxisKey(stringValue: axis.name)).wrappedValue
        }
    }

    private static func help(of axis: StudyAxis) -> String {
        axis.words.isEmpty ? axis.help : "\(axis.help.dropLast()): \(axis.words.joined(separator: ", "))."
    }

}

private struct AxisKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension OptionRule {
    /// A value of an axis that no case takes.
    init(_ unused: UnusedValue) {
        self.init(unused.axis.name, true, appliesIf: false, needs: unused.need)
        value = unused.value
    }
}
