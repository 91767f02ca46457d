// Never run here, as settings.gradle.kts says.
//
// One version for all of Shopbell's parts: `implementation(platform("com.shopbell:bom:…"))`.
plugins {
    `java-platform`
    `maven-publish`
}

dependencies {
    constraints {
        api(project(":bindings"))
        api(project(":sdk"))
    }
}

publishing {
    publications {
        register<MavenPublication>("release") {
            artifactId = "bom"
            from(components["javaPlatform"])
        }
    }
}
