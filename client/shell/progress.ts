/** Told how a transfer goes. */
export interface Meter {
  /** @param bytes how many have been moved so far */
  update(bytes: number): void;
  /** Removes the line; the result line follows. */
  finish(): void;
}
