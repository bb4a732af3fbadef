/** A file of tests that cannot be read, for the test of the reporters. */
throw new Error('this file cannot be read');
