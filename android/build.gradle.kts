// Never run here, as settings.gradle.kts says.
plugins {
    alias(libs.plugins.android.library) apply false
    alias(libs.plugins.kotlin.android) apply false
    alias(libs.plugins.dokka) apply false
}

allprojects {
    group = "com.shopbell"
    version = "0.1.0"
}
