package dev.kintsugi.testkit;

/** The events of the tests. */
sealed interface FileEvent {
  String path();

  record Changed(String path, String author) implements FileEvent {}

  record Deleted(String path) implements FileEvent {}
}
