package dev.kintsugi.examples.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class ClusterTest {

  private record Program(int exitCode, String out, String err) {
    static Program run(String... args) {
      StringWriter out = new StringWriter();
      StringWriter err = new StringWriter();
      CommandLine commandLine = Cluster.commandLine();
      commandLine.setOut(new PrintWriter(out, true));
      commandLine.setErr(new PrintWriter(err, true));
      int exitCode = commandLine.execute(args);
      return new Program(exitCode, out.toString(), err.toString());
    }
  }

  @Test
  void help_names_the_options_and_the_exit_codes() {
    Program program = Program.run("--help");

    assertThat(program.exitCode()).isZero();
    assertThat(program.out()).contains("--scenario", "--rate", "--artery-port", "Exit codes: 0");
  }

  @Test
  void a_rate_that_is_none_is_refused() {
    Program program = Program.run("--rate", "0");

    assertThat(program.exitCode()).isEqualTo(2);
    assertThat(program.err()).contains("Invalid value for option '--rate': expected 1 or more");
  }

  @Test
  void an_unknown_option_is_refused() {
    Program program = Program.run("--nodes", "5");

    assertThat(program.exitCode()).isEqualTo(2);
    assertThat(program.err()).contains("--nodes", "See --help.");
  }

  @Test
  void a_directory_without_the_configuration_is_refused_before_anything_is_started() {
    Program program = Program.run("--config", "src");

    assertThat(program.exitCode()).isEqualTo(2);
    assertThat(program.err()).contains("There is no cluster.conf in");
  }

  @Test
  void a_port_that_is_taken_ends_the_program_before_anything_is_started() throws Exception {
    try (ServerSocket somebody = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Program program =
          Program.run("--config", "../../config", "--artery-port", "" + somebody.getLocalPort());

      assertThat(program.exitCode()).isEqualTo(2);
      assertThat(program.err()).contains("is taken. Choose others with --artery-port.");
    }
  }
}
