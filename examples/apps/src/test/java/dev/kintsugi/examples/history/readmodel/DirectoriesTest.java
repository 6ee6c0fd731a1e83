package dev.kintsugi.examples.history.readmodel;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DirectoriesTest {

  @Test
  void the_root_comes_first_and_each_directory_before_those_in_it() {
    assertThat(Directories.above("a/b/c.txt")).containsExactly("", "a", "a/b");
  }

  @Test
  void a_file_at_the_top_has_the_root_above_it() {
    assertThat(Directories.above("README.md")).containsExactly("");
  }
}
