// Never run here: there is no Gradle, Android SDK or NDK where this was written. checks/kotlin compiles and tests the
// same sources without them.
pluginManagement {
    repositories {
        google()
        mavenCentral()
        gradlePluginPortal()
    }
}

dependencyResolutionManagement {
    repositoriesMode.set(RepositoriesMode.FAIL_ON_PROJECT_REPOS)
    repositories {
        google()
        mavenCentral()
    }
}

rootProject.name = "shopbell"
include(":bindings", ":sdk", ":bom")
