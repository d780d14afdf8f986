import Foundation

extension ImageFolderDataSet {
    /// Class folders of images in `train` and `val`, as ImageNet is unpacked. Classes are numbered in the order of their names.
    ///
    /// - Throws: `DataError` where a class has no image, or validation has a class that training has not.
    init(classFolder folder: String, _ options: ImageOptions) throws(DataError) {
        let root = Array(folder.utf8)
        let names = try classNames(root, ["train"])
        let validationNames = try classNames(root, ["val", "validation"])
        try refuseFlat(validationNames)
        let unknown = validationNames.entries.filter { !names.entries.map(\.name).contains($0.name) }
        guard unknown.isEmpty else {
            throw .damaged(
                validationNames.text, at: nil,
                "\(counted(unknown, "class")) that training has not: \(listed(unknown))",
                advice: "give both the same class folders")
        }
        var (training, validation) = (ImageList(), ImageList())
        try training.append(classes: names, numberedBy: names)
        try validation.append(classes: validationNames, numberedBy: names)
        try self.init(
            folder: folder, training: training, validation: validation, classes: names.entries.count,
            geometry: .resizedRegion(size: options.size ?? 224), options)
    }

    /// The public folder of Tiny-ImageNet, or one that holds it.
    ///
    /// - Throws: `DataError`.
    init(tinyImageNet folder: String, _ options: ImageOptions) throws(DataError) {
        let published = "\(folder)/tiny-imagenet-200"
        let folder = PathKind(published) == .folder ? published : folder
        let root = Array(folder.utf8)
        let names = try classNames(root, ["train"])
        var (training, validation) = (ImageList(), ImageList())
        try training.append(classes: names, numberedBy: names)
        try validation.appendAnnotated("\(folder)/val", classes: names.entries.map(\.name))
        try self.init(
            folder: folder, training: training, validation: validation, classes: names.entries.count,
            geometry: .framedWindow(size: options.size ?? 64), options)
    }
}

/// A folder of class folders.
private struct ClassFolders {
    let path: [UInt8]
    let entries: [FolderEntry]
    /// Images that lie beside the class folders, in no class.
    let strayCount: Int

    var text: String { String(decoding: path, as: UTF8.self) }
}

/// The class folders of the first of those folders that is there.
private func classNames(_ root: [UInt8], _ names: [String]) throws(DataError) -> ClassFolders {
    let present = try folderEntries(root).filter { entry in names.contains(entry.text) && entry.kind == .folder }
    guard let name = names.first(where: { name in present.contains { $0.text == name } }) else {
        throw DataError(
            kind: .notFound, file: String(decoding: root, as: UTF8.self),
            problem: "the folder has no folder \(names.joined(separator: " or "))",
            advice: "give the folder that holds train and val")
    }
    let path = root + Array("/\(name)".utf8)
    let entries = try folderEntries(path)
    return ClassFolders(
        path: path, entries: entries.filter { $0.kind == .folder },
        strayCount: entries.count { $0.kind == .file && $0.isNamedAsImage })
}

/// ImageNet's validation archive has no class folders.
private func refuseFlat(_ folders: ClassFolders) throws(DataError) {
    guard folders.entries.isEmpty && folders.strayCount > 0 else { return }
    throw .damaged(
        folders.text, at: nil, "\(folders.strayCount) images and no class folders",
        advice: "move every image into the folder of its class, as in train")
}

extension ImageList {
    /// - Throws: `DataError` naming the classes without an image.
    fileprivate mutating func append(classes: ClassFolders, numberedBy names: ClassFolders) throws(DataError) {
        let numbers = Dictionary(uniqueKeysWithValues: names.entries.enumerated().map { ($1.name, $0) })
        var empty: [FolderEntry] = []
        for entry in classes.entries {
            let path = classes.path + [UInt8(ascii: "/")] + entry.name
            if try appendImages(in: path, label: numbers[entry.name] ?? 0) == 0 { empty.append(entry) }
        }
        guard empty.isEmpty else {
            throw .damaged(
                classes.text, at: nil, "\(counted(empty, "class folder")) without .jpg, .jpeg or .png files: \(listed(empty))",
                advice: "remove what is no class, or complete the download")
        }
        guard count > 0 else {
            throw .damaged(classes.text, at: nil, "it has no class folders", advice: "give the folder that holds train and val")
        }
    }

    /// Of `val_annotations.txt`: a line an image of its name, its class and a box, between tabulators.
    fileprivate mutating func appendAnnotated(_ folder: String, classes: [[UInt8]]) throws(DataError) {
        let path = "\(folder)/val_annotations.txt"
        let numbers = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
        let images = add(folder: Array("\(folder)/images".utf8))
        var offset = 0
        for line in try readBytes(path, copies: 2).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            defer { offset += line.count + 1 }
            let fields = line.filter { $0 != UInt8(ascii: "\r") }.split(separator: UInt8(ascii: "\t"))
            if fields.isEmpty { continue }
            guard fields.count >= 2, !fields[0].contains(UInt8(ascii: "/")) else {
                throw .damaged(path, at: offset, "the line is not an image's name, a tabulator and its class")
            }
            guard let label = numbers[Array(fields[1])] else {
                throw .damaged(
                    path, at: offset, "the class '\(String(decoding: fields[1], as: UTF8.self))' has no folder in train",
                    advice: "complete the download")
            }
            append(Array(fields[0]), folder: images, label: label)
        }
        guard count > 0 else { throw .damaged(path, at: nil, "it names no image") }
    }
}

private func counted(_ entries: [FolderEntry], _ noun: String) -> String {
    entries.count == 1 ? "1 \(noun)" : "\(entries.count) \(noun)\(noun.hasSuffix("s") ? "es" : "s")"
}

/// The first few by name.
private func listed(_ entries: [FolderEntry]) -> String {
    let names = entries.prefix(10).map(\.text).joined(separator: ", ")
    return entries.count > 10 ? "\(names) and \(entries.count - 10) more" : names
}
