import Files

/// The files of images with their classes. A name is kept by its bytes alone: ImageNet's 1.3 million take 50 MB.
struct ImageList: Sendable {
    /// Paths of the folders that hold images.
    private var folders: [[UInt8]] = []
    private var folderOfImage: [UInt32] = []
    private var names: [UInt8] = []
    private var nameEnds: [Int] = []
    private(set) var labels: [UInt32] = []

    var count: Int { labels.count }

    /// - Returns: its number among the folders.
    mutating func add(folder: [UInt8]) -> Int {
        folders.append(folder)
        return folders.count - 1
    }

    mutating func append(_ name: [UInt8], folder: Int, label: Int) {
        folderOfImage.append(UInt32(folder))
        names += name
        nameEnds.append(names.count)
        labels.append(UInt32(label))
    }

    func path(_ index: Int) -> [UInt8] {
        let start = index == 0 ? 0 : nameEnds[index - 1]
        return folders[Int(folderOfImage[index])] + [UInt8(ascii: "/")] + names[start..<nameEnds[index]]
    }

    /// For messages.
    func text(_ index: Int) -> String { String(decoding: path(index), as: UTF8.self) }

    /// Of names and classes; what the files hold is not read.
    func combine(into hash: ContentHash) {
        names.withUnsafeBytes { hash.combine($0) }
        nameEnds.withUnsafeBytes { hash.combine($0) }
        labels.withUnsafeBytes { hash.combine($0) }
    }

    /// Appends the images in a folder and in the folders in it.
    ///
    /// Files are images by the ends of their names; others are not looked at. Links to files are followed, those to
    /// folders are not, which may lead back.
    ///
    /// - Returns: how many.
    mutating func appendImages(in folder: [UInt8], label: Int, depth: Int = 0) throws(DataError) -> Int {
        var number: Int?
        var found = 0
        for entry in try folderEntries(folder) {
            switch entry.kind {
            case .file where entry.isNamedAsImage:
                if number == nil { number = add(folder: folder) }
                append(entry.name, folder: number ?? 0, label: label)
                found += 1
            case .folder where !entry.isLink && depth < 8:
                found += try appendImages(in: folder + [UInt8(ascii: "/")] + entry.name, label: label, depth: depth + 1)
            default: continue
            }
        }
        return found
    }
}

extension FolderEntry {
    private static let endings = [".jpg", ".jpeg", ".png"].map { Array($0.utf8) }

    /// In small letters or capitals.
    var isNamedAsImage: Bool {
        let end = name.suffix(5).map { (65...90).contains($0) ? $0 + 32 : $0 }
        return Self.endings.contains { end.suffix($0.count) == $0[...] && name.count > $0.count }
    }
}
