# What the Kotlin checks need, made ready: a JDK, the Kotlin compiler, and the jars of the tests. Sourced by
# checks/kotlin after checks/setup.sh; does nothing, and says nothing, where everything is there.
#
# The compiler comes from npm and the jars from Maven Central, both into .cache/kotlin/ of this folder. They are named
# here with their versions; nothing follows them along.
# shellcheck shell=bash disable=SC2034,SC2154

KOTLIN=2.4.20
# The language and library that is written in: those of android/gradle/libs.versions.toml. What a newer compiler makes of
# it an app with an older one could not read.
KOTLIN_LANGUAGE=2.2
MINIMUM_JAVA=17

# Set, group, artifact, version, type. `app` is what ships beside Shopbell, `test` what the tests need besides,
# `android` what stands in for a phone, `instrumented` Robolectric's own copy of the framework, `r8` the shrinker.
JARS='
app          net.java.dev.jna       jna                               5.18.1                       jar
app          org.jetbrains.kotlinx  kotlinx-coroutines-core-jvm       1.10.2                       jar
test         org.jetbrains.kotlinx  kotlinx-coroutines-test-jvm       1.10.2                       jar
test         app.cash.turbine       turbine-jvm                       1.2.1                        jar
test         org.junit.platform     junit-platform-console-standalone 1.13.4                       jar
r8           com.android.tools      r8                                8.5.35                       jar
android      org.robolectric        android-all                       15-robolectric-13954326      jar
android      androidx.lifecycle     lifecycle-common-jvm              2.8.7                        jar
android      androidx.core          core                              1.13.1                       aar
android      androidx.lifecycle     lifecycle-process                 2.8.7                        aar
android      androidx.lifecycle     lifecycle-runtime-android         2.8.7                        aar
android      androidx.startup       startup-runtime                   1.1.1                        aar
android      androidx.arch.core     core-common                       2.2.0                        jar
android      androidx.arch.core     core-runtime                      2.2.0                        aar
robolectric  junit                  junit                             4.13.2                       jar
robolectric  org.hamcrest           hamcrest-core                     1.3                          jar
instrumented org.robolectric        android-all-instrumented          15-robolectric-12650502-i7   jar
'

kotlin_cache="$cache/kotlin"

setup_java() {
  local version=''
  if have java; then
    # openjdk version "17.0.15" 2025-04-15
    version=$(java -version 2>&1 | awk -F'"' 'NR == 1 { print $2 }')
  fi
  at_least "${version:-0}" "$MINIMUM_JAVA" && have javac && return
  apt_install openjdk-17-jdk-headless
}

setup_kotlinc() {
  kotlinc_home="$kotlin_cache/node_modules/kotlin-compiler"
  if [[ ! -f $kotlinc_home/build.txt || $(<"$kotlinc_home/build.txt") != "$KOTLIN"* ]]; then
    have npm || apt_install npm
    echo "Installing the Kotlin compiler $KOTLIN with npm, into .cache/kotlin/"
    npm install --silent --no-audit --no-fund --no-save --prefix "$kotlin_cache" "kotlin-compiler@$KOTLIN" ||
      give_up 'The Kotlin compiler could not be installed.'
  fi
  chmod +x "$kotlinc_home/bin/kotlinc"
}

# Robolectric comes with all that it needs, for its own versions fit together.
ROBOLECTRIC=4.14.1

# A project that asks Maven for the jars of one set.
jar_project() {
  echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
  echo '<groupId>com.shopbell</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging>'
  echo '<dependencies>'
  if [[ $1 == robolectric ]]; then
    echo "<dependency><groupId>org.robolectric</groupId><artifactId>robolectric</artifactId>" \
      "<version>$ROBOLECTRIC</version></dependency>"
  fi
  awk -v wanted="$1" '$1 == wanted {
    print "<dependency><groupId>" $2 "</groupId><artifactId>" $3 "</artifactId><version>" $4 "</version><type>" $5 \
      "</type><exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>"
  }' <<<"$JARS"
  echo '</dependencies></project>'
}

# setup_jars SET: afterwards its jars, and the classes of its AARs as jars, are in .cache/kotlin/SET/.
setup_jars() {
  local set=$1 folder="$kotlin_cache/$1" stamp aar
  stamp=$(jar_project "$set" | cksum)
  if [[ -f $folder/stamp && $(<"$folder/stamp") == "$stamp" ]]; then
    return
  fi
  have mvn || apt_install maven
  echo "Fetching the jars for '$set' from Maven Central, into .cache/kotlin/"
  rm -rf "$folder"
  mkdir -p "$folder"
  jar_project "$set" >"$folder/pom.xml"
  mvn -q -B -Dstyle.color=never -f "$folder/pom.xml" -Dmaven.repo.local="$kotlin_cache/m2" dependency:copy-dependencies \
    -DoutputDirectory="$folder" -DincludeScope=runtime || give_up 'The jars could not be fetched.'
  for aar in "$folder"/*.aar; do
    [[ -e $aar ]] || continue
    (cd "$folder" && jar xf "$aar" classes.jar && mv classes.jar "${aar%.aar}.jar")
    rm "$aar"
  done
  printf '%s' "$stamp" >"$folder/stamp"
}

# The jars of some sets, as a class path.
class_path() {
  local set path=''
  for set in "$@"; do
    path+=$(printf '%s:' "$kotlin_cache/$set"/*.jar)
  done
  printf '%s' "$path$kotlinc_home/lib/kotlin-stdlib.jar"
}

setup_java
setup_kotlinc
