package dev.kintsugi.examples.cluster.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChildJvmTest {

  private static final String HERE = "here";

  @TempDir Path directory;

  private ChildJvm child;

  /** Says that it is there, and ends when its standard input does. */
  static final class Listener {
    private Listener() {}

    public static void main(String[] args) throws IOException {
      System.out.println(HERE);
      while (System.in.read() >= 0) {
        // What is said means nothing.
      }
    }
  }

  @BeforeEach
  void start() throws IOException {
    child =
        ChildJvm.start(
            Listener.class, List.of(), List.of(), Map.of(), directory.resolve("log"), true);
    assertThat(child.output().readLine()).isEqualTo(HERE);
  }

  @AfterEach
  void kill() {
    child.kill();
  }

  @Test
  void it_goes_on_by_itself_after_it_stood_still() throws IOException {
    int exitCode = child.standStill(Duration.ofSeconds(1)).join();

    assertThat(exitCode).isZero();
    assertThat(child.standsStill()).isFalse();
    assertThat(child.isAlive()).isTrue();
    child.say("end");
    child.ended().join();
  }

  @Test
  void it_is_killed_while_it_stands_still_and_nothing_is_left_that_has_it_go_on()
      throws IOException {
    var goesOn = child.standStill(Duration.ofDays(1));
    assertThat(child.standsStill()).isTrue();

    child.kill();

    assertThat(child.isAlive()).isFalse();
    assertThat(child.standsStill()).isFalse();
    assertThat(goesOn.join()).isNotZero();
  }

  @Test
  void one_that_has_ended_can_not_stand_still() throws IOException {
    child.say("end");
    child.ended().join();

    assertThat(child.standStill(Duration.ofDays(1)).join()).isNotZero();
  }
}
