package dev.kintsugi.examples.bench.cluster.followed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.examples.bench.Program;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class FollowChaosTest {

  private static final String CONFIG = Path.of("..", "..", "config").toString();

  /** A kill or two; five minutes of it are for the program. */
  @Tag("exhaustive")
  @Test
  @Timeout(value = 10, unit = TimeUnit.MINUTES)
  void a_short_one_comes_to_a_clean_end(@TempDir Path logs) {
    Program program =
        Program.run(
            "follow-chaos",
            "--seconds",
            "12",
            "--rate",
            "100",
            "--config",
            CONFIG,
            "--logs",
            logs.toString());

    assertThat(program.exitCode()).as(program.err() + program.out()).isZero();
    assertThat(program.out())
        .containsPattern("kills +[1-9]")
        .contains("nothing lost, nothing doubled, nothing out of order.")
        .containsPattern("acknowledged events that are not in the journal +0 +0 +held")
        .containsPattern("following_handler: events not applied right after the one before +0 +0 ")
        .containsPattern("following_fold: streams whose row is not as in inline_fold +0 +0 +held");
  }

  @Test
  void the_directory_that_has_no_configuration_is_named() {
    Program program =
        Program.run(
            "follow-chaos", "--config", "src", "--url", "jdbc:postgresql://localhost:1/app?user=x");

    assertThat(program.exitCode()).isEqualTo(2);
  }
}
