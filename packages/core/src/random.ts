/** Randomness as something that is passed in. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
}
