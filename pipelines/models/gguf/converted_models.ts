/** Where converted models are in a store. @module */

/** The folder of the store that holds one folder for each. */
export const modelsFolder = "models";
