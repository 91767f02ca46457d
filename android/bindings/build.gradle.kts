// Never run here, as settings.gradle.kts says.
//
// The native library for each processor, and the Kotlin that is generated from it. Apart from the facade, for generated
// code names no visibility.
import org.jetbrains.kotlin.gradle.dsl.JvmTarget

plugins {
    alias(libs.plugins.android.library)
    alias(libs.plugins.kotlin.android)
    `maven-publish`
}

val root = rootDir.parentFile
val processors = listOf("arm64-v8a", "armeabi-v7a", "x86_64")
val libraries = layout.buildDirectory.dir("jniLibs")
val generated = layout.buildDirectory.dir("generated/uniffi")

// cargo-ndk 4 aligns to 16 KB pages, which Google Play asks for.
val cargoNdk by tasks.registering(Exec::class) {
    description = "Builds the native library for every processor (needs cargo-ndk 4 and the NDK)."
    workingDir = root
    inputs.files(fileTree(root) { include("core/src/**", "search/src/**", "bindings/src/**", "Cargo.lock", "**/Cargo.toml") })
    outputs.dir(libraries)
    val targets = processors.flatMap { listOf("-t", it) }
    commandLine(
        listOf("bindings/as-shipped", "cargo", "ndk") + targets + listOf("--platform", libs.versions.minSdk.get(), "-o", libraries.get().asFile.path) +
            // One kind of library only: beside others cargo leaves link-time optimization out.
            listOf("rustc", "--profile", "mobile", "-p", "shopbell-ffi", "--lib", "--crate-type", "cdylib"),
    )
}

// From a library of this machine with its symbols: the one that ships has none to read.
val hostLibrary by tasks.registering(Exec::class) {
    description = "Builds the library for this machine, to generate from."
    workingDir = root
    commandLine("cargo", "build", "-p", "shopbell-ffi")
}

val generate by tasks.registering(Exec::class) {
    description = "Generates the Kotlin that calls the native library."
    dependsOn(hostLibrary)
    workingDir = root
    outputs.dir(generated)
    val name = System.mapLibraryName("shopbell_ffi")
    commandLine(
        "cargo", "run", "--manifest-path", "bindings/bindgen/Cargo.toml", "--target-dir", "target/bindgen", "--",
        "kotlin", "target/debug/$name", generated.get().asFile.path,
    )
}

android {
    namespace = "com.shopbell.sdk.bindings"
    compileSdk = libs.versions.compileSdk.get().toInt()
    ndkVersion = libs.versions.ndk.get()
    defaultConfig {
        minSdk = libs.versions.minSdk.get().toInt()
        ndk { abiFilters += processors }
    }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_11
        targetCompatibility = JavaVersion.VERSION_11
    }
    sourceSets["main"].jniLibs.srcDir(libraries)
    sourceSets["main"].kotlin.srcDir(generated)
    publishing { singleVariant("release") { withSourcesJar() } }
}

kotlin {
    compilerOptions {
        jvmTarget.set(JvmTarget.JVM_11)
        // As checks/kotlin compiles it, and why stands there.
        freeCompilerArgs.addAll("-Xno-param-assertions", "-Xno-call-assertions", "-Xno-receiver-assertions")
    }
}

tasks.named("preBuild") { dependsOn(cargoNdk, generate) }

dependencies {
    api(libs.coroutines.core)
    // The AAR has JNA's own native part for each processor.
    api(variantOf(libs.jna) { artifactType("aar") })
}

publishing {
    publications {
        register<MavenPublication>("release") {
            artifactId = "bindings"
            afterEvaluate { from(components["release"]) }
        }
    }
}
