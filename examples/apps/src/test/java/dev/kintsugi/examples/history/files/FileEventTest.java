package dev.kintsugi.examples.history.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class FileEventTest {

  @Test
  void a_file_counts_once_however_often_it_is_added() {
    assertThat(added(false).filesMore()).isEqualTo(1);
    assertThat(added(true).filesMore()).isZero();
  }

  @Test
  void a_file_that_is_modified_exists_even_if_nobody_added_it() {
    assertThat(modified(false).filesMore()).isEqualTo(1);
    assertThat(modified(true).filesMore()).isZero();
  }

  @Test
  void a_file_that_is_missing_can_be_deleted_without_counting() {
    assertThat(deleted(true).filesMore()).isEqualTo(-1);
    assertThat(deleted(false).filesMore()).isZero();
  }

  @Test
  void a_path_fits_if_its_persistence_id_does() {
    assertThat(FileEntity.canHave("p".repeat(250))).isTrue();
    assertThat(FileEntity.canHave("p".repeat(251))).isFalse();
    assertThat(FileEntity.canHave("\uD83D\uDE00".repeat(250)))
        .as("characters are counted as the database counts them")
        .isTrue();
  }

  private static FileEvent added(boolean existed) {
    return new FileEvent.Added("p", "c", Instant.EPOCH, "ann", existed);
  }

  private static FileEvent modified(boolean existed) {
    return new FileEvent.Modified("p", "c", Instant.EPOCH, "ann", existed);
  }

  private static FileEvent deleted(boolean existed) {
    return new FileEvent.Deleted("p", "c", Instant.EPOCH, "ann", existed);
  }
}
