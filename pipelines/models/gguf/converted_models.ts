/** Where converted models are in a store. @module */

/** The folder of the store that contains one folder for each. */
export const modelsFolder = "models";
