import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { staticImageName } from './static-images.ts';

/** Address of the node, which `inside.sh` gives to the loopback interface. */
export const nodeAddress = '10.99.0.1';
/** Addresses of Pods. */
export const podRange = '10.244.0.0/24';

/** Where the daemons of a node find what they read, and put what they write. */
export interface NodeFolders {
  readonly state: string;
  /** A folder below /sys/fs/cgroup/*, for everything that runs in Pods. */
  readonly cgroup: string;
  readonly socket: string;
}

export interface NodeFiles {
  readonly containerd: string;
  readonly kubelet: string;
}

/** Writes the settings of containerd, of its network plugin and of the kubelet. */
export async function writeNodeFiles(folders: NodeFolders): Promise<NodeFiles> {
  const files = { containerd: join(folders.state, 'containerd.toml'), kubelet: join(folders.state, 'kubelet.json') };
  const network = join(folders.state, 'network');
  await mkdir(network, { recursive: true });
  await writeFile(join(network, '10-bridge.conflist'), JSON.stringify(bridge(folders)));
  await writeFile(files.containerd, containerd(folders, network));
  await writeFile(files.kubelet, JSON.stringify(kubelet(folders)));
  await writeFile(join(folders.state, 'resolv.conf'), 'nameserver 127.0.0.1\n'); // nobody answers: there is no DNS
  return files;
}

function containerd({ state, socket }: NodeFolders, network: string): string {
  return `version = 2
root = "${state}/containerd"
state = "/run/containerd"
[grpc]
  address = "${socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${staticImageName('pause')}"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${network}"
`;
}

function bridge({ state }: NodeFolders): object {
  const ranges = [[{ subnet: podRange }]];
  const ipam = { type: 'host-local', dataDir: join(state, 'addresses'), ranges, routes: [{ dst: '0.0.0.0/0' }] };
  const plugin = { type: 'bridge', bridge: 'cni0', isGateway: true, ipMasq: false, hairpinMode: true, ipam };
  return { cniVersion: '0.4.0', name: 'bridge', plugins: [plugin] };
}

/** Nobody but the API server of this node is there to ask the kubelet for anything: it lets in everybody. */
function kubelet({ state, cgroup, socket }: NodeFolders): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    failCgroupV1: false,
    failSwapOn: false,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${cgroup}`,
    containerRuntimeEndpoint: `unix://${socket}`,
    address: nodeAddress,
    readOnlyPort: 0,
    healthzPort: 0,
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    enforceNodeAllocatable: [],
    makeIPTablesUtilChains: false,
    evictionHard: { 'memory.available': '50Mi', 'nodefs.available': '1%' },
    imageGCHighThresholdPercent: 100,
    localStorageCapacityIsolation: false,
    podLogsDir: join(state, 'pods'),
    volumePluginDir: join(state, 'volume-plugins'),
    resolvConf: join(state, 'resolv.conf'),
    clusterDomain: 'cluster.local',
    registerNode: true,
    serializeImagePulls: false,
  };
}
