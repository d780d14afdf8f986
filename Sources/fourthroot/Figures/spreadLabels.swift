/// Places for labels beside the heights that they would like, in the same order, so that no two are nearer than `gap` and all
/// lie in `range`: with the least sum of squared shifts, as far as the range allows it.
///
/// Labels that would overlap form a block around the mean of their wishes, and blocks that meet become one (the pool-adjacent-
/// violators algorithm). More labels than the range holds begin at its lower end.
func spreadLabels(_ wishes: [Double], gap: Double, in range: ClosedRange<Double>) -> [Double] {
    let order = wishes.indices.sorted { (wishes[$0], $0) < (wishes[$1], $1) }
    var blocks: [(sum: Double, count: Int)] = []
    for (rank, index) in order.enumerated() {
        // What a label would like for the first one of its block, the others being `gap` apart.
        blocks.append((wishes[index] - Double(rank) * gap, 1))
        while blocks.count > 1, mean(blocks[blocks.count - 2]) >= mean(blocks[blocks.count - 1]) {
            let last = blocks.removeLast()
            blocks[blocks.count - 1].sum += last.sum
            blocks[blocks.count - 1].count += last.count
        }
    }
    let bases = blocks.flatMap { block in Array(repeating: mean(block), count: block.count) }
    let highest = range.upperBound - Double(max(wishes.count - 1, 0)) * gap
    var places = wishes
    for (rank, index) in order.enumerated() {
        places[index] = max(range.lowerBound, min(bases[rank], highest)) + Double(rank) * gap
    }
    return places
}

private func mean(_ block: (sum: Double, count: Int)) -> Double { block.sum / Double(block.count) }
