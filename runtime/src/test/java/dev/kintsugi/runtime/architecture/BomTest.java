package dev.kintsugi.runtime.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The BOM has no parent that it could have its versions from, so they are compared. */
class BomTest {

  private static final Path ROOT = Path.of("..");

  private static String pom(String directory) throws Exception {
    return Files.readString(ROOT.resolve(directory).resolve("pom.xml"));
  }

  private static String first(String pom, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(pom);
    assertThat(matcher.find()).as(pattern).isTrue();
    return matcher.group(1);
  }

  @Test
  void it_has_the_version_of_the_build() throws Exception {
    String version = "<version>([^<]+)</version>";
    assertThat(first(pom("runtime/bom"), version)).isEqualTo(first(pom(""), version));
  }

  @Test
  void its_formatter_is_that_of_the_build() throws Exception {
    assertThat(
            first(
                pom("runtime/bom"),
                "<artifactId>spotless-maven-plugin</artifactId>\\s*<version>([^<]+)"))
        .isEqualTo(first(pom(""), "<spotless-maven-plugin.version>([^<]+)</spotless-maven-plugin"));
  }

  @Test
  void it_names_what_applications_depend_on() throws Exception {
    String bom = pom("runtime/bom");
    for (String module :
        List.of("projections", "runtime", "runtime/management", "runtime/testkit")) {
      assertThat(bom)
          .contains(
              "<artifactId>%s</artifactId>"
                  .formatted(first(pom(module), "</parent>\\s*<artifactId>([^<]+)</artifactId>")));
    }
  }
}
