/** Where converted models are in a store, and what their keys depend on. @module */

/** The folder of the store that contains one folder for each. */
export const modelsFolder = "models";

/** Increased when the conversion changes, so that files are converted again. */
export const conversionVersion = 2;
