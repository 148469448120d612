import type { JsonSchema, ValidationRule } from './json-schema.ts';

/*
 * The fields of the built-in kinds that translation reads, with the API server's own limits where a violation would
 * otherwise reach translation from a file (Kubernetes v1.36: pkg/apis/networking, discovery and core validation).
 */

const text: JsonSchema = { type: 'string' };
const labelPattern = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$';
const subdomain = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*';
const subdomainPattern = `^${subdomain}$`;
const stringMap: JsonSchema = {
  type: 'object',
  default: {},
  additionalProperties: { type: 'string', description: 'A string: write true, false and numbers in quotes.' },
};
/** `metadata.name`, and what refers to it. */
export const objectNameSchema: JsonSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 253,
  pattern: subdomainPattern,
  description: 'Lower-case letters, digits, hyphens and dots, such as ledger.',
};
const portNumber: JsonSchema = { type: 'integer', minimum: 1, maximum: 65535, description: 'A port, 1 to 65535.' };
const portName: JsonSchema = {
  type: 'string',
  maxLength: 63,
  pattern: '^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$',
  description: 'Name of a port, such as http: lower-case letters, digits and hyphens.',
};
const protocol: JsonSchema = { type: 'string', enum: ['TCP', 'UDP', 'SCTP'], default: 'TCP' };
/** A host of an Ingress: `host` of a rule, or one of `hosts` in `tls`. */
export const hostSchema: JsonSchema = {
  type: 'string',
  maxLength: 253,
  pattern: '^(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
  description: 'A DNS name in lower case, such as app.example.com, or *.example.com for one label in place of *.',
};

/** `metadata`, as translation reads it, for every kind. */
export const metadataSchema: JsonSchema = {
  type: 'object',
  required: ['name'],
  properties: {
    name: objectNameSchema,
    namespace: {
      type: 'string',
      default: '',
      maxLength: 63,
      pattern: '^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$',
      description: 'Name of a namespace: lower-case letters, digits and hyphens.',
    },
    uid: { type: 'string', default: '' },
    generation: { type: 'integer', default: 0, minimum: 0 },
    creationTimestamp: {
      type: 'string',
      format: 'date-time',
      default: '1970-01-01T00:00:00Z',
      description: 'A time such as 2026-01-31T12:00:00Z.',
    },
    deletionTimestamp: { type: 'string', format: 'date-time', description: 'A time such as 2026-01-31T12:00:00Z.' },
    labels: stringMap,
    annotations: stringMap,
  },
};

const labelMetadataSchema: JsonSchema = {
  ...metadataSchema,
  properties: {
    ...metadataSchema.properties,
    name: {
      ...objectNameSchema,
      maxLength: 63,
      pattern: labelPattern,
      description: 'Lower-case letters, digits and hyphens, such as ledger.',
    },
  },
};

function objectSchema(
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[],
  metadata: JsonSchema = metadataSchema,
): JsonSchema {
  return {
    type: 'object',
    required: ['metadata', ...required],
    properties: { apiVersion: text, kind: text, metadata, ...properties },
  };
}

const portRule: ValidationRule = {
  rule: 'has(self.name) != has(self.number)',
  message: 'a port is a name or a number: write exactly one of name and number',
};

const backendRule: ValidationRule = {
  rule: 'has(self.service) != has(self.resource)',
  message: 'a backend is one thing: write exactly one of service and resource',
};

const pathRule: ValidationRule = {
  rule: "self.pathType == 'ImplementationSpecific' || has(self.path)",
  message: 'pathType Exact and Prefix need a path: write one that begins with /',
};

/** Where requests of an Ingress go. */
export const backendSchema: JsonSchema = {
  type: 'object',
  description: 'Where requests go: service with name and port.',
  'x-kubernetes-validations': [backendRule],
  properties: {
    service: {
      type: 'object',
      required: ['name', 'port'],
      description: 'A Service of the same namespace, with name and port.',
      properties: {
        name: { ...objectNameSchema, maxLength: 63, pattern: labelPattern },
        port: {
          type: 'object',
          description: 'A port of the Service: name or number.',
          'x-kubernetes-validations': [portRule],
          properties: { name: portName, number: portNumber },
        },
      },
    },
    resource: { type: 'object', required: ['kind', 'name'], properties: { apiGroup: text, kind: text, name: text } },
  },
};

/** One path of a rule of an Ingress. */
export const ingressPathSchema: JsonSchema = {
  type: 'object',
  required: ['pathType', 'backend'],
  'x-kubernetes-validations': [pathRule],
  properties: {
    path: { type: 'string', pattern: '^/', description: 'A path that begins with /.' },
    pathType: {
      type: 'string',
      enum: ['Exact', 'Prefix', 'ImplementationSpecific'],
      description: 'Exact or Prefix.',
    },
    backend: backendSchema,
  },
};

const ingressRule: JsonSchema = {
  type: 'object',
  properties: {
    host: hostSchema,
    http: { type: 'object', properties: { paths: { type: 'array', default: [], items: ingressPathSchema } } },
  },
};

/** networking.k8s.io/v1 Ingress. */
export const ingressSchema = objectSchema(
  {
    spec: {
      type: 'object',
      default: {},
      properties: {
        ingressClassName: { ...objectNameSchema, description: 'Name of an IngressClass, such as entragate.' },
        defaultBackend: backendSchema,
        tls: {
          type: 'array',
          default: [],
          items: {
            type: 'object',
            properties: { hosts: { type: 'array', default: [], items: hostSchema }, secretName: objectNameSchema },
          },
        },
        rules: { type: 'array', default: [], items: ingressRule },
      },
    },
    status: {
      type: 'object',
      default: {},
      properties: {
        loadBalancer: {
          type: 'object',
          default: {},
          properties: {
            ingress: {
              type: 'array',
              default: [],
              items: { type: 'object', properties: { ip: text, hostname: text } },
            },
          },
        },
      },
    },
  },
  ['spec'],
);

/** networking.k8s.io/v1 IngressClass. */
export const ingressClassSchema = objectSchema(
  {
    spec: { type: 'object', default: {}, properties: { controller: { type: 'string', default: '', maxLength: 250 } } },
  },
  [],
);

/** core v1 Service. */
export const serviceSchema = objectSchema(
  {
    spec: {
      type: 'object',
      default: {},
      properties: {
        type: { type: 'string', enum: ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'], default: 'ClusterIP' },
        externalName: { ...hostSchema, pattern: `^${subdomain}\\.?$`, description: 'A DNS name in lower case.' },
        ipFamilies: { type: 'array', default: [], maxItems: 2, items: { type: 'string', enum: ['IPv4', 'IPv6'] } },
        ports: {
          type: 'array',
          default: [],
          items: {
            type: 'object',
            required: ['port'],
            properties: {
              name: { ...portName, default: '' },
              port: portNumber,
              protocol,
              appProtocol: text,
            },
          },
        },
      },
    },
  },
  [],
  labelMetadataSchema,
);

/** discovery.k8s.io/v1 EndpointSlice. */
export const endpointSliceSchema = objectSchema(
  {
    addressType: { type: 'string', enum: ['IPv4', 'IPv6', 'FQDN'], description: 'IPv4 or IPv6.' },
    endpoints: {
      type: 'array',
      default: [],
      maxItems: 1000,
      items: {
        type: 'object',
        required: ['addresses'],
        properties: {
          addresses: { type: 'array', minItems: 1, maxItems: 100, items: { type: 'string', maxLength: 253 } },
          conditions: {
            type: 'object',
            default: {},
            properties: { ready: { type: 'boolean' }, serving: { type: 'boolean' }, terminating: { type: 'boolean' } },
          },
        },
      },
    },
    ports: {
      type: 'array',
      default: [],
      maxItems: 20000,
      items: {
        type: 'object',
        properties: { name: { ...portName, default: '' }, port: portNumber, protocol, appProtocol: text },
      },
    },
  },
  ['addressType'],
);

/** core v1 Secret. */
export const secretSchema = objectSchema(
  {
    type: { type: 'string', default: 'Opaque' },
    data: {
      type: 'object',
      default: {},
      additionalProperties: {
        type: 'string',
        pattern: '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$',
        description: 'Base64; plain text goes into stringData.',
      },
    },
  },
  [],
);

/** core v1 Namespace. */
export const namespaceSchema = objectSchema({}, [], labelMetadataSchema);
