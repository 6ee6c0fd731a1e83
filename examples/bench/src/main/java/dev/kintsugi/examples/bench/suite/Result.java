package dev.kintsugi.examples.bench.suite;

import dev.kintsugi.examples.bench.stats.Median;
import java.util.ArrayList;
import java.util.List;

/** A measure's figures, round by round. */
final class Result {

  private final Part part;
  private final Measure measure;
  private final List<Double> ours = new ArrayList<>();
  private final List<Double> floor = new ArrayList<>();

  Result(Part part, Measure measure) {
    this.part = part;
    this.measure = measure;
  }

  void add(double ofOurs, double ofFloor) {
    ours.add(ofOurs);
    floor.add(ofFloor);
  }

  Part part() {
    return part;
  }

  String name() {
    return measure.name();
  }

  Unit unit() {
    return measure.unit();
  }

  List<Double> ours() {
    return List.copyOf(ours);
  }

  List<Double> floor() {
    return List.copyOf(floor);
  }

  double medianOfOurs() {
    return Median.of(ours);
  }

  double medianOfFloor() {
    return Median.of(floor);
  }

  /** Ours by the floor, of the medians. */
  double ratio() {
    return medianOfOurs() / medianOfFloor();
  }

  /** Ours by the floor, of each round. */
  List<Double> ratios() {
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < ours.size(); i++) {
      ratios.add(ours.get(i) / floor.get(i));
    }
    return ratios;
  }
}
