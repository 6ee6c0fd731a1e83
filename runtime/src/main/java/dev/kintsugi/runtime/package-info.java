/** What an application calls: {@link dev.kintsugi.runtime.Kintsugi}. */
@NullMarked
package dev.kintsugi.runtime;

import org.jspecify.annotations.NullMarked;
