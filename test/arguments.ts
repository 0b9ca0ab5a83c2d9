/** What a program that is run by hand was asked wrongly: said, and the end. */
export function refuse(why: string): never {
  console.error(why);
  process.exit(2);
}

/** An option as a whole number of at least `least`; anything else is refused. */
export function wholeNumber<Name extends string>(values: Record<Name, string>, name: Name, least: number): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= least) return value;
  return refuse(`--${name} must be a whole number of at least ${least}; got ${values[name]}.`);
}
