// swift-tools-version: 6.0
// The Swift package. `ios/generate` must have written `Generated/` before: see the folder's README.

import PackageDescription

#if os(Linux)
    // The host's library, for the tests: whoever builds says where it is, with `-Xlinker -L…`.
    let rust = Target.systemLibrary(name: "ShopbellRust", path: "Generated/ShopbellRust")
#else
    // What `ios/xcframework` makes; a release names its address and checksum here.
    let rust = Target.binaryTarget(name: "ShopbellRust", path: "Generated/ShopbellRust.xcframework")
#endif

let package = Package(
    name: "Shopbell",
    platforms: [.iOS(.v15), .macOS(.v12)],
    products: [.library(name: "Shopbell", targets: ["Shopbell"])],
    targets: [
        rust,
        // Generated, and nobody's to read: what an app needs of it, `Shopbell` gives on.
        .target(name: "ShopbellBindings", dependencies: ["ShopbellRust"], path: "Generated/ShopbellBindings"),
        .target(
            name: "Shopbell",
            dependencies: ["ShopbellBindings"],
            resources: [.copy("PrivacyInfo.xcprivacy")],
            linkerSettings: [.linkedFramework("Network", .when(platforms: [.iOS, .macOS]))]
        ),
    ],
    swiftLanguageModes: [.v6]
)

#if os(Linux)
    // What the tests need besides: an app gets none of it.
    package.targets += [
        .executableTarget(name: "phone", dependencies: ["Shopbell"], path: "Tests/phone"),
        // What the documents say in Swift, compiled as it stands: `checks/swift-snippets` writes it.
        .target(name: "Snippets", dependencies: ["Shopbell"], path: "Generated/Snippets"),
        .testTarget(name: "ShopbellTests", dependencies: ["Shopbell", "ShopbellBindings", "Snippets", "phone"]),
    ]
#endif
