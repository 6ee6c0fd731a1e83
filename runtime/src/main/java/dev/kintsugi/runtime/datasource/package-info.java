/** How an application hands its own {@link javax.sql.DataSource} to Kintsugi. */
@NullMarked
package dev.kintsugi.runtime.datasource;

import org.jspecify.annotations.NullMarked;
