/** A rule of the Common Expression Language on a schema node (`x-kubernetes-validations`), told apart by its message. */
export interface ValidationRule {
  readonly rule: string;
  readonly message: string;
}

/** The part of Kubernetes' structural schemas (OpenAPI v3) that the CRDs and the built-in kinds use here. */
export interface JsonSchema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'map' | 'set';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
}

/** On a CRD: a whole number that grows with every change of its schema. */
export const REVISION_ANNOTATION = 'entragate.dev/revision';

/** One of our kinds, as its CRD defines it. */
export interface CustomResource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Annotation {@link REVISION_ANNOTATION} of the CRD. */
  readonly revision: number;
  readonly schema: JsonSchema;
}
