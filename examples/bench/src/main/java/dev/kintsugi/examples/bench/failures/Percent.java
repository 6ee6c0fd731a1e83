package dev.kintsugi.examples.bench.failures;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A share, given in percent: above 0, up to 100; as a number from 0 to 1. */
final class Percent implements ITypeConverter<Double> {

  private static final String NUMBER = "[0-9]{1,3}(\\.[0-9]{1,6})?";

  @Override
  public Double convert(String text) {
    if (text.matches(NUMBER)) {
      double percent = Double.parseDouble(text);
      if (percent > 0 && percent <= 100) {
        return percent / 100;
      }
    }
    throw new TypeConversionException(
        "expected a percentage above 0 and up to 100, found '" + text + "'");
  }
}
