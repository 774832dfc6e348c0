import Testing

@testable import TextFormats

@Suite struct NameSkeletonTests {
    @Test(arguments: [
        ("Ann", "Аnn"), ("Ann", "ANN"), ("Ann", "Ａｎｎ"), ("Ann Li", "Ann  Li"), ("Ann Li", " ann\u{3000}li "),
        ("Bob", "Воb"), ("BOB", "ВОВ"), ("боб", "БОБ"), ("Nemo", "Νemo"), ("nova", "noνa"), ("José", "Jose\u{301}"),
        ("Iris", "lris"), ("Oscar", "0scar"), ("王芳 (Finance)", "王芳 (ＦＩＮＡＮＣＥ)"), ("ΑΝΝΑ", "Anna"),
        ("Ann Li", "Ann\u{2800}Li"), ("Ann", "Ann\u{2800}"), ("Ann", "An\u{1D173}n"), ("Ann", "An\u{200B}n"),
        ("Ann", "\u{AD}Ann"),
        ("Ann Li", "Ann\u{1D159}Li"), ("ANN", "ᎪNN"), ("Ann", "ꓮnn"), ("Bob", "Bօb"), ("Cora", "Ⲥora"), ("Tom", "Torn"),
    ])
    func `names that look the same are one`(left: String, right: String) {
        #expect(NameSkeleton(left).isAlike(NameSkeleton(right)))
        #expect(NameSkeleton(right).isAlike(NameSkeleton(left)))
    }

    @Test(arguments: [
        ("Ann", "Anne"), ("Ann", "Ánn"), ("Bob", "Rob"), ("王芳", "王方"), ("Ann Li", "Annli"), ("Вера", "Bopa"), ("", "a"),
        ("Ann", "An n"),
    ])
    func `names that a reader tells apart are two`(left: String, right: String) {
        #expect(!NameSkeleton(left).isAlike(NameSkeleton(right)))
    }
}
