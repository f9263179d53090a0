// A long array of integers in copy-on-write pages: what directories and indexes are made of, so that a view retains them
// by copying a list of page references and the writer copies only pages that it touches afterwards.
//
// 8,192 elements a page: 32 KiB of row numbers, 64 KiB of hash slots. For 10 million rows a view copies 1,220 references.

import CKernels

/// An array of integers in pages; positions that were never written read as `empty`. Value semantics.
package struct PagedArray<Element: FixedWidthInteger & Sendable>: Sendable {
    package static var pageCount: Int { 8192 }

    /// Thread rule as for `Block`.
    final class Page: @unchecked Sendable {
        let elements: UnsafeMutablePointer<Element>

        init(repeating value: Element) {
            elements = Page.allocate()
            elements.initialize(repeating: value, count: PagedArray.pageCount)
        }

        init(copying other: Page) {
            elements = Page.allocate()
            elements.initialize(from: other.elements, count: PagedArray.pageCount)
        }

        deinit { StoreMemory.deallocate(elements, Page.bytes) }

        private static var bytes: Int { PagedArray.pageCount * MemoryLayout<Element>.size }

        private static func allocate() -> UnsafeMutablePointer<Element> {
            StoreMemory.allocate(bytes).bindMemory(to: Element.self, capacity: PagedArray.pageCount)
        }
    }

    package let empty: Element
    var pages: [Page?] = []

    package init(empty: Element) { self.empty = empty }

    /// O(1); positions beyond the last page are empty.
    @inline(__always)
    package subscript(_ index: Int) -> Element {
        let page = index >> 13
        guard page < pages.count, let elements = pages[page]?.elements else { return empty }
        return elements[index & 8191]
    }

    /// Writes one element; O(1), or one page copy when a view shares the page.
    @inline(__always)
    package mutating func set(_ index: Int, _ value: Element) {
        let page = index >> 13
        if value == empty, page >= pages.count || pages[page] == nil { return }
        unsharedPage(page)[index & 8191] = value
    }

    /// Writes `first`, `first + 1`, … to `count` elements from `index` on: a page at a time.
    package mutating func setRising(from index: Int, count: Int, _ first: Element) {
        var at = 0
        while at < count {
            let place = (index + at) & 8191
            let run = Swift.min(count - at, PagedArray.pageCount - place)
            let elements = unsharedPage((index + at) >> 13) + place
            let start = first &+ Element(truncatingIfNeeded: at)
            for offset in 0..<run { elements[offset] = start &+ Element(truncatingIfNeeded: offset) }
            at += run
        }
    }

    /// The elements of a page, which is made where there is none and copied where a view shares it. Valid until the next
    /// change or copy of the array.
    @inline(__always)
    private mutating func unsharedPage(_ page: Int) -> UnsafeMutablePointer<Element> {
        if page >= pages.count { pages.append(contentsOf: repeatElement(nil, count: page + 1 - pages.count)) }
        if pages[page] == nil {
            pages[page] = Page(repeating: empty)
        } else if !isKnownUniquelyReferenced(&pages[page]) {
            pages[page] = Page(copying: pages[page]!)
        }
        return pages[page]!.elements
    }

    /// Bytes held in pages.
    package var memoryBytes: Int {
        pages.reduce(0) { $0 + ($1 == nil ? 0 : PagedArray.pageCount * MemoryLayout<Element>.size) }
    }

    /// Asks the processor to fetch the element's cache line.
    @inline(__always)
    package func prefetch(_ index: Int) {
        let page = index >> 13
        if page < pages.count, let elements = pages[page]?.elements { kith_prefetch(elements + (index & 8191)) }
    }
}
