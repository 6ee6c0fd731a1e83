package dev.kintsugi.examples.bench.cluster.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kintsugi.examples.bench.Program;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class ChaosTest {

  private static final String CONFIG = Path.of("..", "..", "config").toString();

  /**
   * By this seed read models are rebuilt while handlers fail, an operator discards what is parked,
   * the server crashes, connections are cut, and at last a node is killed: in this order, so that
   * events are written all the time. An hour of everything is for the program.
   */
  @Tag("exhaustive")
  @Test
  @Timeout(value = 15, unit = TimeUnit.MINUTES)
  void a_short_one_comes_to_a_clean_end(@TempDir Path logs) {
    Program program =
        Program.run(
            "chaos",
            "--runs",
            "1",
            "--seconds",
            "18",
            "--gap",
            "1700",
            "--seed",
            "8989506",
            "--events",
            "3000",
            "--config",
            CONFIG,
            "--logs",
            logs.toString());

    assertThat(program.exitCode()).as(program.err() + program.out()).isZero();
    assertThat(program.out())
        .contains(
            "seed 8989506", "nothing lost, nothing doubled, nothing out of order, nothing stuck.")
        .containsPattern("read models that their verification does not find clean +0 +0 +held")
        .containsPattern("acknowledged events that are not in the journal +0 +0 +held")
        .containsPattern("ledger: events not applied right after the one before +0 +0 +held");
  }

  @Test
  void the_server_of_a_user_is_not_crashed() {
    Program program =
        Program.run("chaos", "--config", CONFIG, "--url", "jdbc:postgresql://localhost:1/app");

    assertThat(program.exitCode()).isEqualTo(2);
  }

  @Test
  void a_fault_that_there_is_not_is_refused_with_those_that_there_are() {
    Program program = Program.run("chaos", "--only", "flood");

    assertThat(program.exitCode()).isEqualTo(2);
    assertThat(program.err()).contains("flood", "KILL", "STALL");
  }
}
