package dev.kintsugi.examples.bench;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A number of things, from 1. */
public final class Positive implements ITypeConverter<Integer> {

  private static final String DIGITS = "[1-9][0-9]{0,8}";

  @Override
  public Integer convert(String text) {
    if (!text.matches(DIGITS)) {
      throw new TypeConversionException("expected a number from 1, found '" + text + "'");
    }
    return Integer.valueOf(text);
  }
}
