// Filling a paged array from raw memory: a restore writes millions of elements and nobody shares the pages yet, so that the
// look at each page's reference count would be most of the work.

extension PagedArray {
    /// An array with all pages for `count` elements, each of them `empty`.
    init(empty: Element, pagesFor count: Int) {
        self.init(empty: empty)
        let pageCount = (count + PagedArray.pageCount - 1) / PagedArray.pageCount
        pages = (0..<pageCount).map { _ in Page(repeating: empty) }
    }

    /// Elements of a page, which is made where there is none. They may be written while this array is the only one that
    /// holds the page.
    mutating func fillablePage(_ index: Int) -> UnsafeMutablePointer<Element> {
        if index >= pages.count { pages.append(contentsOf: repeatElement(nil, count: index + 1 - pages.count)) }
        if let page = pages[index] { return page.elements }
        let page = Page(repeating: empty)
        pages[index] = page
        return page.elements
    }

    /// Elements of all pages, nil where there is none; what is said of `fillablePage` holds for these.
    var fillablePages: [UnsafeMutablePointer<Element>?] { pages.map { $0?.elements } }
}
