// Never run here, as settings.gradle.kts says.
import org.jetbrains.kotlin.gradle.dsl.JvmTarget

plugins {
    alias(libs.plugins.android.library)
    alias(libs.plugins.kotlin.android)
    alias(libs.plugins.dokka)
    `maven-publish`
}

android {
    namespace = "com.shopbell.sdk"
    compileSdk = libs.versions.compileSdk.get().toInt()
    defaultConfig {
        minSdk = libs.versions.minSdk.get().toInt()
        consumerProguardFiles("consumer-rules.pro")
    }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_11
        targetCompatibility = JavaVersion.VERSION_11
    }
    sourceSets["main"].manifest.srcFile("src/android/AndroidManifest.xml")
    sourceSets["main"].kotlin.setSrcDirs(listOf("src/jvm/kotlin", "src/android/kotlin"))
    publishing { singleVariant("release") { withSourcesJar() } }
}

kotlin {
    explicitApi()
    compilerOptions {
        jvmTarget.set(JvmTarget.JVM_11)
        allWarningsAsErrors.set(true)
    }
}

dependencies {
    api(project(":bindings"))
    implementation(libs.lifecycle.process)
}

val documentation by tasks.registering(Jar::class) {
    dependsOn(tasks.named("dokkaGeneratePublicationHtml"))
    from(layout.buildDirectory.dir("dokka/html"))
    archiveClassifier.set("javadoc")
}

publishing {
    publications {
        register<MavenPublication>("release") {
            artifactId = "sdk"
            artifact(documentation)
            afterEvaluate { from(components["release"]) }
            pom {
                name.set("Shopbell")
                description.set("In-app customer support that opens at once, works offline and loses nothing")
                licenses {
                    license { name.set("MIT") }
                    license { name.set("Apache-2.0") }
                }
            }
        }
    }
}
