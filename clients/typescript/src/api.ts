/* Made from api/openapi.yaml by tools/api/make_ts.py: change it there. */
import { Client } from "./client.js";
import type { Answer, RequestOptions } from "./client.js";

export type Id = string;

export type IdSet = Id[];

export type Time = string;

/** null: never */
export type TimeOrNever = string | null;

export type Unit = number;

export type Count = number;

export type Name = string;

export type Comment = string;

/** Unique within the account */
export type ExternalId = string;

/** A list's name or id */
export type ListRef = string;

export type RoleName = string;

export type LoginName = string;

/** The setting login.password_min may ask for more */
export type Password = string;

export type Color = string;

export type Fmr = number;

export type Purpose = "verification" | "identification" | "live_identification" | "attendance";

export type ConsentState = "valid" | "expired" | "withdrawn";

/** For the next page; null: this is the last */
export type Cursor = string | null;

export type Binary = Blob;

/** One part a picture */
export type BinaryParts = Blob[];

/** UTF-8, with a line of names, as RFC 4180 has it; cells that a spreadsheet would take for a formula begin with an apostrophe */
export type Csv = string;

/** What may be done to what; see the guide on rights */
export type Right = "people.view" | "people.create" | "people.change" | "people.delete" | "people.search" | "people.export" | "consents.view" | "consents.create" | "consents.change" | "faces.view" | "faces.create" | "faces.change" | "faces.delete" | "lists.view" | "lists.create" | "lists.change" | "lists.delete" | "lists.export" | "samples.view" | "samples.export" | "descriptors.create" | "descriptors.export" | "attributes.view" | "attributes.create" | "attributes.delete" | "actions.view" | "actions.create" | "actions.search" | "users.view" | "users.create" | "users.change" | "users.delete" | "roles.view" | "roles.create" | "roles.change" | "roles.delete" | "tokens.view" | "tokens.create" | "tokens.change" | "tokens.delete" | "accounts.view" | "accounts.create" | "accounts.change" | "accounts.delete" | "settings.view" | "settings.change" | "audit.view" | "audit.export" | "license.view" | "license.change";

export type RightSet = Right[];

/** Stable; programs decide by it. The words of src/base/error.h, then those of the HTTP layer. */
export type ProblemCode = "invalid" | "unauthenticated" | "forbidden" | "consent_required" | "purpose_mismatch" | "account_closed" | "quota" | "not_found" | "method_not_allowed" | "not_acceptable" | "exists" | "conflict" | "duplicate" | "pack_mismatch" | "precondition_failed" | "limit" | "unsupported" | "decode" | "no_face" | "several_faces" | "low_quality" | "rate_limited" | "cancelled" | "internal" | "corrupt" | "memory" | "busy" | "timeout" | "io" | "model" | "runtime" | "disk_full" | "malformed_request" | "malformed_path" | "url_too_long" | "range" | "expectation_failed" | "head_too_large" | "method_unknown" | "version_unknown";

export interface Problem {
  type: string;
  /** What the status means */
  title: string;
  status: number;
  code: ProblemCode;
  /** What was wrong here */
  detail?: string;
  /** What to do */
  action?: string;
  /** The parameter or header that it is about */
  field?: string;
  /** The place in the body that it is about, as a JSON pointer */
  pointer?: string;
  /** Every fault of parameters and body, as far as found, where there are several */
  errors?: ({
    field?: string;
    pointer?: string;
    detail: string;
  })[];
  /** Why the quality is too low */
  reasons?: Check[];
  /** Who looks the same */
  duplicates?: Duplicate[];
  request_id?: string;
}

/** Why one of several failed */
export interface PlainError {
  code: ProblemCode;
  text: string;
  field?: string;
}

export interface BatchReport {
  done: Count;
  refused: Count;
  results: ({
    id?: Id;
    error?: PlainError;
  })[];
}

export interface Login {
  /** The login; outside of the first account `account/login` */
  login: string;
  password: string;
}

export interface PasswordChange {
  old: string;
  new: Password;
}

export interface Me {
  account: Id;
  user: Id;
  login: LoginName;
  name: Name;
  roles: RoleName[];
  rights: RightSet;
  /** Ids of the lists that the caller is kept to; null: all */
  lists?: Id[] | null;
  /** The password must be changed first */
  password_change: boolean;
  /** For X-CSRF-Token; not for tokens */
  csrf?: string;
  until?: TimeOrNever;
}

export interface Session {
  session: Id;
  created: Time;
  last_used: Time;
  until: Time;
  current: boolean;
  /** What the browser says it is */
  agent?: string;
}

export interface SessionPage {
  sessions: Session[];
  next: Cursor;
}

/** Anything that the caller wants kept with the person */
export type UserData = string;

/** As the field's type says; null empties it */
export type CustomValue = boolean | number | string | string[] | null;

/** Values of custom fields, by their names */
export type Custom = Record<string, CustomValue>;

export interface PersonCreate {
  name: Name;
  external_id?: ExternalId;
  user_data?: UserData;
  custom?: Custom;
  active?: boolean;
  lists?: ListRef[];
  consents?: ConsentGive[];
}

/** The first line, which may be missing, has `mien`; all others are people */
export interface TransferLine {
  mien?: "people";
  version?: number;
  /** The model of all descriptors */
  model?: string;
  dim?: number;
  fields?: Field[];
  lists?: TransferList[];
  person?: Id;
  external_id?: ExternalId;
  name?: Name;
  user_data?: UserData;
  active?: boolean;
  created?: Time;
  custom?: Custom;
  /** The face that stands for the person */
  avatar?: Id;
  consents?: TransferConsent[];
  faces?: TransferFace[];
}

/** Of a person, name and purpose; of one to be imported, its name where it is there */
export interface TransferList {
  name: Name;
  purpose: Purpose;
  comment?: Comment;
  color?: Color;
  retention_s?: Span;
  fmr?: number | null;
  active?: boolean;
  acknowledge?: boolean;
  sound?: boolean;
}

export interface ImportReport {
  lists_new: Count;
  fields_new: Count;
  people_new: Count;
  /** Who were there */
  people_known: Count;
  faces_new: Count;
  faces_known: Count;
  refused: Count;
  dry_run: boolean;
  /** Of the first lines that were refused; `refused` counts all */
  errors: ({
    line: Count;
    error: PlainError;
  })[];
}

export interface TransferConsent {
  purpose: Purpose;
  method?: string;
  evidence?: string;
  given?: Time;
  until?: TimeOrNever;
  withdrawn?: TimeOrNever;
}

export interface TransferFace {
  face?: Id;
  source?: string;
  quality?: Unit;
  created?: Time;
  model?: string;
  /** base64 of float32, little-endian */
  vector?: string;
}

export interface PersonChange {
  name?: Name;
  external_id?: string | null;
  user_data?: string | null;
  custom?: Custom;
  active?: boolean;
  /** The face that stands for the person */
  avatar_face?: string | null;
}

export interface Person {
  person: Id;
  name: Name;
  external_id: string | null;
  user_data: string | null;
  custom: Custom;
  active: boolean;
  avatar_face: string | null;
  created: Time;
  updated: Time;
  lists: Name[];
  consents: Consent[];
  faces: Face[];
}

export interface PersonPage {
  people: Person[];
  next: Cursor;
}

export interface Erasure {
  person: Id;
  erased: boolean;
  time: Time;
  faces: Count;
  samples: Count;
  consents: Count;
  key_destroyed: boolean;
  /** Number of the record in the audit log */
  audit: Count;
}

export interface ConsentGive {
  purpose: Purpose;
  /** How it was given: signed form, web form, ... */
  method: string;
  /** Where the proof is */
  evidence?: string;
  /** Now, where left out; not in the future */
  given?: Time;
  until?: TimeOrNever;
}

export interface ConsentGiveFor {
  purpose: Purpose;
  /** How it was given: signed form, web form, ... */
  method: string;
  /** Where the proof is */
  evidence?: string;
  /** Now, where left out; not in the future */
  given?: Time;
  until?: TimeOrNever;
  person: Id;
}

export interface Consent {
  consent: Id;
  person: Id;
  purpose: Purpose;
  state: ConsentState;
  method: string;
  evidence: string | null;
  /** Is a file there? */
  evidence_file?: boolean;
  given: Time;
  until: TimeOrNever;
  withdrawn: TimeOrNever;
}

export interface ConsentPage {
  consents: Consent[];
  next: Cursor;
}

export interface Face {
  face: Id;
  person: Id;
  source: string | null;
  quality: Unit;
  sample: string | null;
  original: string | null;
  created: Time;
}

export interface FacePage {
  faces: Face[];
  next: Cursor;
}

export interface Duplicate {
  person: Id;
  name: Name;
  similarity: Unit;
}

export interface Enrolment {
  outcome: "enrolled" | "already";
  person: Id;
  face: Face;
  duplicates: Duplicate[];
}

export interface Decision {
  decision: Id;
  person: Id;
  /** Then it is forgotten */
  until: Time;
  duplicates: Duplicate[];
}

export interface DecisionMake {
  action: "merge" | "create" | "cancel";
  /** For merge: one of the duplicates */
  person?: Id;
}

export type Metric = "l2" | "cosine";

export type ModelName = string;

export type Values = number[];

export interface Descriptor {
  face: Id;
  person: Id;
  model: ModelName;
  metric: Metric;
  values: Values;
}

export interface DescriptorPage {
  descriptors: Descriptor[];
  next: Cursor;
}

export interface DescriptorImport {
  person: Id;
  source?: string;
  quality?: Unit;
  model: ModelName;
  metric: Metric;
  values: Values;
}

/** Seconds; null: without end */
export type Span = number | null;

export interface ListCreate {
  name: Name;
  purpose: Purpose;
  comment?: Comment;
  /** How long a membership lasts */
  retention_s?: Span;
  /** Threshold of searches in this list */
  fmr?: number | null;
  color?: Color;
  /** An inactive list is in no search */
  active?: boolean;
  /** Events of members want to be acknowledged */
  acknowledge?: boolean;
  /** The console sounds for members */
  sound?: boolean;
}

export interface ListChange {
  name?: Name;
  comment?: Comment;
  /** For who is in the list, too, from the day they joined */
  retention_s?: Span;
  fmr?: number | null;
  color?: string | null;
  active?: boolean;
  acknowledge?: boolean;
  sound?: boolean;
}

export interface List {
  list_id: Id;
  name: Name;
  purpose: Purpose;
  comment: Comment;
  retention_s: Span;
  fmr: number | null;
  color: string | null;
  active: boolean;
  acknowledge: boolean;
  sound: boolean;
  members: Count;
  created: Time;
  updated: Time;
}

export interface ListPage {
  lists: List[];
  next: Cursor;
}

export interface Member {
  list_id: Id;
  person: Id;
  name: Name;
  external_id: string | null;
  added: Time;
  until: TimeOrNever;
}

export interface MemberPage {
  members: Member[];
  next: Cursor;
}

/** Pixels of the upright picture; work on the face in it only */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** One box a picture, in their order; null where there is none */
export type Boxes = (Box | null)[];

export interface SourceBase64 {
  type: "base64";
  data: string;
  box?: Box;
  /** A name for it in the answer */
  file?: string;
}

/** Fetched by the server, from public addresses only */
export interface SourceUrl {
  type: "url";
  url: string;
  box?: Box;
}

export interface SourceSample {
  type: "sample";
  sample: Id;
}

export interface SourceFace {
  type: "face";
  face: Id;
}

export interface SourcePerson {
  type: "person";
  person: Id;
}

export interface SourceAttribute {
  type: "attribute";
  attribute: Id;
}

export interface SourceDescriptor {
  type: "descriptor";
  model: ModelName;
  metric: Metric;
  values: Values;
}

/** A picture, or a reference to what is there already */
export type Source = SourceBase64 | SourceUrl | SourceSample | SourceFace | SourcePerson | SourceAttribute | SourceDescriptor;

export type PictureSource = SourceBase64 | SourceUrl | SourceSample;

export type PictureSources = PictureSource[];

export type Point = number[];

export type Point3 = number[];

/** Fields that were not asked for, or that the model pack cannot make, are missing */
export interface FoundFace {
  box: FoundBox;
  /** The detector's confidence */
  score: Unit;
  /** Image-left eye, image-right eye, nose, image-left and -right mouth corner */
  points: Point[];
  pose?: Pose;
  quality?: Quality;
  landmarks?: Point3[];
  landmarks68?: Point[];
  expression?: Expression;
  liveness?: Liveness;
  age?: Age;
}

/** Pixels of the upright picture */
export interface FoundBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Degrees; positive: to the subject's left, up, clockwise in the picture */
export interface Pose {
  yaw: number;
  pitch: number;
  roll: number;
}

/** 0 to 1, higher is better */
export interface Quality {
  overall: Unit;
  sharpness: Unit;
  exposure: Unit;
  size: Unit;
  pose: Unit;
  /** Missing where the pack has no quality network */
  network?: Unit;
  eye_distance_px: number;
}

/** 0 shut to 1 wide open; the subject's left and right */
export interface Expression {
  left_eye_open: Unit;
  right_eye_open: Unit;
  mouth_open: Unit;
}

export interface Liveness {
  /** 0 attack to 1 live */
  score: Unit;
}

export interface Age {
  years: number;
}

export interface Detections {
  images: ({
    /** Name of the part or address of the picture, where it has one */
    file: string | null;
    width?: number;
    height?: number;
    error?: PlainError;
    faces?: FoundFace[];
  })[];
}

export interface Attribute {
  attribute: Id;
  /** null where several pictures made it */
  sample: string | null;
  person: string | null;
  model: ModelName;
  quality: Unit;
  created: Time;
  until: Time;
}

export interface AttributePage {
  attributes: Attribute[];
  next: Cursor;
}

export interface Extraction {
  images: ({
    /** Name of the part or address of the picture, where it has one */
    file: string | null;
    width?: number;
    height?: number;
    error?: PlainError;
    faces?: ({
      box: FoundBox;
      /** The detector's confidence */
      score: Unit;
      /** Image-left eye, image-right eye, nose, image-left and -right mouth corner */
      points: Point[];
      pose?: Pose;
      quality?: Quality;
      landmarks?: Point3[];
      landmarks68?: Point[];
      expression?: Expression;
      liveness?: Liveness;
      age?: Age;
      /** Missing where all pictures make one */
      attribute?: Attribute;
    })[];
  })[];
  /** Of all pictures together */
  aggregate?: Attribute;
}

export interface LivenessVerdict {
  verdict: "live" | "spoof" | "unknown";
  score: Unit | null;
  /** Why it is unknown */
  reason?: string;
}

export interface LivenessReport {
  images: ({
    /** Name of the part or address of the picture, where it has one */
    file: string | null;
    width?: number;
    height?: number;
    error?: PlainError;
    faces?: ({
      box: FoundBox;
      quality?: Quality;
      liveness: LivenessVerdict;
    })[];
  })[];
  aggregate?: LivenessVerdict;
}

export type CheckName = "format" | "file_size" | "width" | "height" | "aspect_ratio" | "illumination_uniformity" | "specularity" | "blur" | "underexposure" | "overexposure" | "face_illumination_uniformity" | "skin_dynamic_range" | "background_uniformity" | "background_lightness" | "fisheye" | "color_type" | "shoulders" | "face_width" | "face_height" | "offset_top" | "offset_bottom" | "offset_left" | "offset_right" | "head_yaw" | "head_pitch" | "head_roll" | "gaze_yaw" | "gaze_pitch" | "smile" | "mouth_occlusion" | "mouth_open" | "smile_properties" | "glasses" | "left_eye" | "right_eye" | "red_eyes" | "eye_distance" | "head_width" | "head_height" | "head_center_x" | "head_center_y" | "eyebrows" | "headwear" | "natural_light";

/** Another range for one check, or none */
export interface CheckRange {
  check: CheckName;
  wanted?: boolean;
  min?: number;
  max?: number;
  allowed?: string[];
}

export type CheckRanges = CheckRange[];

export interface Check {
  check: CheckName;
  verdict: "passed" | "failed" | "not_made";
  value: number | string | null;
  min?: number;
  max?: number;
  allowed?: string[];
  unit?: string;
  /** Why it was not made, or what to do */
  reason?: string;
}

export interface QualityReport {
  images: ({
    /** Name of the part or address of the picture, where it has one */
    file: string | null;
    width?: number;
    height?: number;
    error?: PlainError;
    box?: FoundBox;
    /** No check that was made has failed */
    passed?: boolean;
    /** How many checks were made */
    made?: Count;
    checks?: Check[];
  })[];
}

export interface Threshold {
  fmr: number;
  /** null: no score reaches it */
  raw: number | null;
  /** false: the rate asked for is smaller than any that was measured; the strictest measured one was used */
  measured: boolean;
}

export interface Verdict {
  same: boolean;
  similarity: Unit;
  fmr: Unit;
  raw: number;
  metric: Metric;
  threshold: Threshold;
  pack: string;
  model: ModelName;
  precision: "fp32" | "int8";
  /** Where a side was somebody enrolled, as the following */
  person?: Id;
  name?: Name;
  /** The face that was nearest */
  face?: Id;
  /** With how many faces; fmr and threshold are those of all of them together */
  comparisons?: Count;
}

export interface Candidate {
  person: Id;
  face: Id;
  name: Name;
  external_id: string | null;
  list: Name;
  list_id: Id;
  similarity: Unit;
  /** Of the whole search */
  fmr: Unit;
  raw: number;
}

/** Only in answers of large galleries, where sketches of the descriptors are compared first */
export interface Prefilter {
  /** The share of mates at cosine 0.6 that this search is expected to pass over for it, by computation */
  missed: Unit;
}

export interface Identification {
  images: ({
    /** Name of the part or address of the picture, where it has one */
    file: string | null;
    width?: number;
    height?: number;
    error?: PlainError;
    faces?: ({
      box?: FoundBox;
      /** The detector's confidence */
      score?: Unit;
      /** Image-left eye, image-right eye, nose, image-left and -right mouth corner */
      points?: Point[];
      pose?: Pose;
      quality?: Quality;
      landmarks?: Point3[];
      landmarks68?: Point[];
      expression?: Expression;
      liveness?: Liveness;
      age?: Age;
      /** People looked through */
      searched: Count;
      /** Were scores weighed against those with the other people? */
      normalised: boolean;
      prefilter?: Prefilter;
      threshold: Threshold;
      /** Best first; empty: nobody */
      candidates: Candidate[];
    })[];
  })[];
}

/** Of the people in the lists only these are searched: `searched` and the threshold are theirs. At most match.filtered people may pass */
export interface MatchFilter {
  active?: boolean;
  external_ids?: ExternalId[];
  created_from?: Time;
  created_to?: Time;
  custom?: Custom;
}

/** Of all sets together at most as many as the setting match.candidates says */
export type CandidateIds = Id[];

/** Who is compared; people who are in no list of the purpose are in no answer */
export interface CandidateSet {
  purpose?: Purpose;
  lists?: ListRef[];
  people?: CandidateIds;
  faces?: CandidateIds;
  attributes?: CandidateIds;
  filter?: MatchFilter;
  k?: number;
  fmr?: Fmr;
}

export type Reference = SourceSample | SourceFace | SourcePerson | SourceAttribute | SourceDescriptor;

export interface MatchRequest {
  references: Reference[];
  candidates: CandidateSet[];
}

export interface ListDuplicates {
  /** Of the lists and the consents; identification where it is not said */
  purpose?: "identification" | "live_identification" | "attendance";
  /** Chance that the search for one face gives a stranger; else the strictest of the lists, else match.fmr */
  fmr?: Fmr;
  /** People told of each person */
  candidates?: number;
  /** Pairs in all; never more than the setting match.pairs */
  limit?: number;
}

export interface ListMatch {
  /** Of the lists and the consents; identification where it is not said */
  purpose?: "identification" | "live_identification" | "attendance";
  /** Chance that the search for one face gives a stranger; else the strictest of the lists, else match.fmr */
  fmr?: Fmr;
  /** People told of each person */
  candidates?: number;
  /** Pairs in all; never more than the setting match.pairs */
  limit?: number;
  with: ListRef;
}

export interface ListMatchSide {
  person: Id;
  name: string | null;
  external_id: string | null;
  face: Id;
}

/** One of these */
export interface ListMatchLine {
  pair?: {
    /** Of the list */
    a: ListMatchSide;
    /** Of the other one */
    b: ListMatchSide;
    similarity: Unit;
    /** Of the search through the other list */
    fmr: Unit;
    raw: number;
  };
  progress?: {
    faces: Count;
    all_faces: Count;
    pairs: Count;
  };
  result?: {
    /** false: there were more pairs than were wanted */
    complete: boolean;
    people?: Count;
    faces?: Count;
    /** People searched through for each */
    against: Count;
    pairs: Count;
    /** People who have as many pairs as `candidates`, and perhaps more */
    full?: Count;
    threshold: Threshold;
  };
  error?: PlainError;
}

/** Of an attribute that is nobody's, only the scores */
export interface MatchCandidate {
  person?: Id;
  face?: Id;
  attribute?: Id;
  name?: Name;
  external_id?: string | null;
  similarity: Unit;
  fmr: Unit;
  raw: number;
}

export interface MatchReport {
  matches: ({
    /** Its place in the request */
    reference: number;
    /** Its place in the request */
    set: number;
    searched?: Count;
    normalised?: boolean;
    prefilter?: Prefilter;
    threshold?: Threshold;
    candidates?: MatchCandidate[];
    error?: PlainError;
  })[];
}

/** Ids of the lists that this is kept to; null: all */
export type ListScope = Id[] | null;

export type RoleNames = RoleName[];

export interface UserCreate {
  login: LoginName;
  name: Name;
  comment?: Comment;
  password?: Password;
  roles: RoleNames;
  lists?: ListScope;
  active?: boolean;
}

export interface UserChange {
  name?: Name;
  comment?: Comment;
  roles?: RoleNames;
  lists?: ListScope;
  active?: boolean;
}

export interface User {
  user: Id;
  login: LoginName;
  name: Name;
  comment: Comment;
  roles: RoleName[];
  lists: ListScope;
  active: boolean;
  /** Must be changed on the next login */
  password_change: boolean;
  created: Time;
  updated: Time;
  last_login: TimeOrNever;
  locked_until: TimeOrNever;
}

export interface UserCreated {
  user: Id;
  login: LoginName;
  name: Name;
  comment: Comment;
  roles: RoleName[];
  lists: ListScope;
  active: boolean;
  /** Must be changed on the next login */
  password_change: boolean;
  created: Time;
  updated: Time;
  last_login: TimeOrNever;
  locked_until: TimeOrNever;
  one_time_password?: string;
}

export interface UserPage {
  users: User[];
  next: Cursor;
}

export interface RoleCreate {
  role: RoleName;
  text?: Comment;
  rights: RightSet;
  lists?: ListScope;
}

export interface RoleChange {
  text?: Comment;
  rights?: RightSet;
  lists?: ListScope;
}

export interface Role {
  role: RoleName;
  text: Comment;
  rights: RightSet;
  lists: ListScope;
  predefined: boolean;
  /** null: predefined */
  created: string | null;
  /** null: predefined */
  updated: string | null;
}

export interface RolePage {
  roles: Role[];
  next: Cursor;
}

export interface TokenCreate {
  name: Name;
  /** For whom; oneself, where left out */
  user?: Id;
  rights: RightSet;
  lists?: ListScope;
  until?: TimeOrNever;
}

export interface TokenChange {
  name?: Name;
  rights?: RightSet;
  lists?: ListScope;
  until?: Time;
}

export interface Token {
  token: Id;
  name: Name;
  user: Id;
  rights: RightSet;
  lists: ListScope;
  created: Time;
  until: TimeOrNever;
  last_used: TimeOrNever;
}

export interface TokenCreated {
  token: Id;
  name: Name;
  user: Id;
  rights: RightSet;
  lists: ListScope;
  created: Time;
  until: TimeOrNever;
  last_used: TimeOrNever;
  secret?: string;
}

export interface TokenPage {
  tokens: Token[];
  next: Cursor;
}

/** null: no limit */
export type Quota = number | null;

export interface AccountCreate {
  name: Name;
  comment?: Comment;
  admin_login: LoginName;
  expires?: TimeOrNever;
  max_people?: Quota;
  max_faces?: Quota;
  max_cameras?: Quota;
}

export interface AccountChange {
  name?: Name;
  comment?: Comment;
  active?: boolean;
  expires?: TimeOrNever;
  max_people?: Quota;
  max_faces?: Quota;
  max_cameras?: Quota;
}

export interface Account {
  account: Id;
  name: Name;
  comment: Comment;
  active: boolean;
  created: Time;
  updated: Time;
  expires: TimeOrNever;
  max_people: Quota;
  max_faces: Quota;
  max_cameras: Quota;
}

export interface AccountCreated {
  account: Id;
  name: Name;
  comment: Comment;
  active: boolean;
  created: Time;
  updated: Time;
  expires: TimeOrNever;
  max_people: Quota;
  max_faces: Quota;
  max_cameras: Quota;
  admin?: UserCreated;
}

export interface AccountPage {
  accounts: Account[];
  next: Cursor;
}

export type SettingName = string;

export type SettingValue = boolean | number | string | null;

export interface Setting {
  name: SettingName;
  type: "bool" | "int" | "real" | "text" | "choice";
  value: SettingValue;
  default: SettingValue;
  /** Where the value comes from */
  source: "default" | "file" | "environment" | "command_line" | "stored";
  /** The file and its line, or the variable */
  origin: string;
  /** May it change while running? */
  live: boolean;
  secret: boolean;
  /** Of a secret: is it set? */
  set?: boolean;
  unit?: string;
  min?: number;
  max?: number;
  choices?: string[];
  text: string;
}

export interface Settings {
  settings: Setting[];
}

export interface SettingsChange {
  settings: ({
    name: SettingName;
    value: SettingValue;
  })[];
}

export interface Field {
  name: string;
  label: Name;
  type: "text" | "number" | "boolean" | "date" | "time" | "choice";
  description?: Comment;
  /** Under which heading it is shown */
  tab?: string;
  choices?: string[];
  /** Several values */
  multiple?: boolean;
  /** Shown in lists of people too */
  in_list?: boolean;
  /** People can be searched by it */
  filter?: boolean;
  /** false: set when the person is created, and not changed afterwards */
  editable?: boolean;
  default?: CustomValue;
}

export interface Fields {
  fields: Field[];
}

export interface Usage {
  used: Count;
  limit: Quota;
}

export interface License {
  expires: TimeOrNever;
  valid: boolean;
  people: Usage;
  faces: Usage;
  /** The account's limit; there are no cameras yet, so none is used */
  cameras: Usage;
  /** What the model pack in use can do */
  features: ("detect" | "landmarks" | "descriptor" | "quality" | "liveness" | "age")[];
  /** From 15 % left, or 14 days before the end */
  warnings: ({
    about: "expires" | "people" | "faces" | "cameras";
    text: string;
  })[];
}

export interface AuditRecord {
  seq: Count;
  time: Time;
  /** The time as it went into the hash */
  time_us: number;
  account: Id;
  actor: string;
  action: string;
  target: string | null;
  /** A JSON text, exactly as it went into the hash; `request` in it is the id of the request that left the record */
  detail: string;
  prev: string;
  hash: string;
}

export interface AuditPage {
  records: AuditRecord[];
  next: Cursor;
}

export interface AuditReport {
  intact: boolean;
  records?: Count;
  /** Hash of the newest record; keep it elsewhere */
  head?: string;
  error?: PlainError;
}

export interface Health {
  alive: boolean;
}

export interface Readiness {
  ready: boolean;
  checks: ({
    name: "store" | "models" | "gallery" | "shutdown";
    ready: boolean;
    text?: string;
  })[];
}

export interface LoginArgs {
  body: Login;
}

export interface LogoutArgs {
  /** End every session of this user */
  everywhere?: boolean;
}

export interface PasswordChangeArgs {
  body: PasswordChange;
}

export interface SessionsListArgs {
  /** Most entries of a page */
  limit?: number;
  /** `next` of the page before */
  cursor?: string;
  sort?: "created" | "-created" | "last_used" | "-last_used";
}

export interface SessionEndArgs {
  session: Id;
}

export interface PeopleListArgs {
  /** Most entries of a page */
  limit?: number;
  /** `next` of the page before */
  cursor?: string;
  /** A minus sorts the other way round */
  sort?: "created" | "-created" | "name" | "-name" | "updated" | "-updated";
  /** A part of the name or external id, letters A to Z of either case */
  like?: string;
  /** Exactly this external id */
  externalId?: ExternalId;
  /** Members of this list, by its name or id; else of all lists that the caller may use */
  list?: ListRef;
  active?: boolean;
  hasFaces?: boolean;
  /** Whose consent for this purpose is valid now */
  consent?: Purpose;
  /** A custom field with this value, as `name:value`; several must all hold */
  field?: string[];
  /** From this time on */
  createdFrom?: Time;
  /** Before this time */
  createdTo?: Time;
}

export interface PersonCreateArgs {
  /** The same key and body again within 24 hours gives the first answer again. Where that speaks of a person, it is on record as `answer.again`, and nothing else is. */
  idempotencyKey?: string;
  body: PersonCreate;
}

export interface PeopleCreateBatchArgs {
  /** The same key and body again within 24 hours gives the first answer again. Where that speaks of a person, it is on record as `answer.again`, and nothing else is. */
  idempotencyKey?: string;
  body: {
    people: PersonCreate[];
  };
}

export interface PeopleEraseBatchArgs {
  body: {
    people: IdSet;
  };
}

export interface PeopleExportArgs {
  /** Why; on record with each person */
  reason: Name;
  /** Members of this list, by its name or id; else everybody */
  list?: ListRef;
  /** Descriptors in the lines, or none */
  vectors?: "line" | "none";
}

export interface PeopleImportArgs {
  /** Everything is tried, and nothing is kept */
  dryRun?: boolean;
  /** A list for all of them, besides their own; made where it is missing and `consent` is given */
  list?: ListRef;
  /** The model of descriptors that name none */
  model?: string;
  /** What all of them agreed to, besides the consents of their own */
  consent?: Purpose;
  /** How that was given */
  consentMethod?: Name;
  /** Where the proof is */
  consentEvidence?: Name;
  /** When it ends; never where it is not said */
  consentUntil?: Time;
  body: string | Blob | Uint8Array | ReadableStream<Uint8Array>;
}

export interface PersonGetArgs {
  person: Id;
}

export interface PersonChangeArgs {
  person: Id;
  /** ETag of the state that is to be changed or deleted, or * for any */
  ifMatch?: string;
  body: PersonChange;
}

export interface PersonEraseArgs {
  person: Id;
}

export interface PersonMergeArgs {
  person: Id;
  body: {
    from: Id;
  };
}

export interface PersonAvatarArgs {
  person: Id;
}

export interface ConsentsListArgs {
  /** Most entries of a page */
  limit?: number;
  /** `next` of the page before */
  cursor?: string;
  sort?: "until" | "-until" | "given" | "-given";
  purpose?: Purpose;
  state?: ConsentState;
  /** From this time on */
  givenFrom?: Time;
  /** Before this time */
  givenTo?: Time;
  /** Ending at this time or later */
  untilFrom?: Time;
  /** Ending before this time */
  untilTo?: Time;
}

export interface ConsentsGiveBatchArgs {
  /** The same key and body again within 24 hours gives the first answer again. Where that speaks of a person, it is on record as `answer.again`, and nothing else is. */
  idempotencyKey?: string;
  body: {
    consents: ConsentGiveFor[];
  };
}

export interface ConsentsWithdrawBatchArgs {
  body: {
    consents: IdSet;
  };
}

export interface PersonConsentsArgs {
  person: Id;
  /** Most entries of a page */
  limit?: number;
  /** `next` of the page before */
  cursor?: string;
  purpose?: Purpose;
  state?: ConsentState;
}

export interface ConsentGiveArgs {
  person: Id;
  /** The same key and body again within 24 hours gives the first answer again. Where that speaks of a person, it is on record as `answer.again`, and nothing else is. */
  idempotencyKey?: string;
  body: ConsentGive;
}

export interface ConsentGetArgs {
  person: Id;
  consent: Id;
}

export interface ConsentWithdrawArgs {
  person: Id;
  consent: Id;
}

export interface EvidenceGetArgs {
  person: Id;
  consent: Id;
}

export interface EvidencePutArgs {
  person: Id;
  consent: Id;
  body: Blob | ArrayBuffer | Uint8Array;
}

export interface PersonFacesArgs {
  person: Id;
  /** Most entries of a page */
  limit?: number;
  /** `next` of the page before */
  cursor?: string;
  sort?: "created" | "-created" | "quality" | "-quality";
}

export interface FaceCreateArgs {
  person: Id;
  /** The same key and body again within 24 hours gives the first answer again. Where that speaks of a person, it is on record as `answer.again`, and nothing else is. */
  idempotencyKey?: string;
  /** Which face where a picture holds several; `only` refuses it */
  faces?: "only" | "largest" | "centre";
  onDuplicate?: "ask" | "refuse" | "report";
  /** Keep the whole picture too, where the setting allows it */
  keepOriginal?: boolean;
  /** Overall quality below which a face is refused; else the setting face.min_quality */
  minQuality?: number;
  /** Where the picture is from, for people to recognise; else the part's file name */
  source?: string;
  body: Blob | ArrayBuffer | Uint8Array | FormData | Source;
}

export interface DecisionGetArgs {
  decision: Id;
}

export interface DecisionMakeArgs {
  decision: Id;
  /** The same key and body again within 24 hours gives the first answer again. Where that speaks of a person, it is on record as `answer.again`, and nothing else is. */
  idempotencyKey?: string;
  body: DecisionMake;
}

export interface FacesListArgs {
  /** Most entries of a page */
  limit?: number;
  /** `next` of the page before */
  cursor?: string;
  sort?: "created" | "-created" | "quality" | "-quality";
  /** Of members of this list, by its name or id; else of all lists that the caller may use */
  list?: ListRef;
  minQuality?: Unit;
  maxQuality?: Unit;
  /** From this time on */
  createdFrom?: Time;
  /** Before this time */
  createdTo?: Time;
}

export interface FacesDeleteBatchArgs {
  body: {
    faces: IdSet;
  };
}

export interface FaceGetArgs {
  face: Id;
}

export interface FaceDeleteArgs {
  face: Id;
  /** ETag of the state that is to be changed or deleted, or * for any */
  ifMatch?: string;
}

export interface DescriptorGetArgs {
  face: Id;
}

export interface DescriptorsExportArgs {
  /** Most entries of a page */
  limit?: number;
  /** `next` of the page before */
  cursor?: string;
  /** By its name or id */
  list: ListRef;
}

export interface DescriptorsImportArgs {
  /** The same key and body again within 24 hours gives the first answer again. Where that speaks of a person, it is on record as `answer.again`, and nothing else is. */
  idempotencyKey?: string;
  body: {
    descriptors: DescriptorImport[];
  };
}

export interface SampleGetArgs {
  sample: Id;
}

export interface OriginalGetArgs {
  original: Id;
}

export interface OriginalDeleteArgs {
  original: Id;
}

export interface ListsListArgs {
  /** Most entries of a page */
  limit?: number;
  /** `next` of the page before */
  cursor?: string;
  sort?: "name" | "-name" | "created" | "-created";
  purpose?: Purpose;
  active?: boolean;
  /** A part of the name, letters A to Z of either case */
  like?: string;
}

export interface ListCreateArgs {
  /** The same key and body again within 24 hours gives the first answer again. Where that speaks of a person, it is on record as `answer.again`, and nothing else is. */
  idempotencyKey?: string;
  body: ListCreate;
}

export interface ListsCreateBatchArgs {
  /** The same key and body again within 24 hours gives the first answer again. Where that speaks of a person, it is on record as `answer.again`, and nothing else is. */
  idempotencyKey?: string;
  body: {
    lists: ListCreate[];
  };
}

export interface ListsDeleteBatchArgs {
  body: {
    lists: IdSet;
  };
}

export interface ListGetArgs {
  listId: Id;
}

export interface ListChangeArgs {
  listId: Id;
  /** ETag of the state that is to be changed or deleted, or * for any */
  ifMatch?: string;
  body: ListChange;
}

export interface ListDeleteArgs {
  listId: Id;
  /** ETag of the state that is to be changed or deleted, or * for any */
  ifMatch?: string;
}

export interface MembersListArgs {
  listId: Id;
  /** Most entries of a page */
  limit?: number;
  /** `next` of the page before */
  cursor?: string;
  /** By `person` in the order in which the people were made */
  sort?: "person" | "added" | "-added" | "name" | "-name";
  /** A part of the name or external id, letters A to Z of either case */
  like?: string;
}

export interface MembersChangeArgs {
  listId: Id;
  body: {
    add?: IdSet;
    remove?: IdSet;
  };
}

export interface MemberAddArgs {
  listId: Id;
  person: Id;
}

export interface MemberRemoveArgs {
  listId: Id;
  person: Id;
}

export interface DetectArgs {
  /** What to compute beside boxes and five points; what the model pack cannot make is left out */
  with?: ("pose" | "quality" | "landmarks" | "landmarks68" | "expression" | "liveness" | "age")[];
  body: Blob | ArrayBuffer | Uint8Array | FormData | {
    pictures: PictureSources;
  };
}

export interface ExtractArgs {
  /** The same key and body again within 24 hours gives the first answer again. Where that speaks of a person, it is on record as `answer.again`, and nothing else is. */
  idempotencyKey?: string;
  /** All pictures show one person; make one descriptor of them. Needs exactly one face to be chosen in each. */
  aggregate?: boolean;
  /** Seconds until the attributes are forgotten */
  ttl?: number;
  /** Who it is, where it is known */
  person?: Id;
  /** Which faces of a picture */
  faces?: "all" | "largest" | "centre" | "only";
  /** Overall quality below which a face is refused; else the setting face.min_quality */
  minQuality?: number;
  body: Blob | ArrayBuffer | Uint8Array | FormData | {
    pictures: PictureSources;
  };
}

export interface QualityArgs {
  /** Which face of a picture */
  faces?: "largest" | "centre" | "only";
  /** Which checks with which ranges: for a document, or for enrolment here */
  profile?: "icao" | "recognition";
  body: Blob | ArrayBuffer | Uint8Array | FormData | {
    pictures: PictureSources;
    checks?: CheckRanges;
  };
}

export interface LivenessArgs {
  /** From this score on a face counts as live; else the setting liveness.threshold */
  threshold?: number;
  /** Below this quality the verdict is `unknown`; else the setting liveness.min_quality */
  minQuality?: number;
  /** All pictures show one person at one time; judge them together too */
  aggregate?: boolean;
  faces?: "all" | "largest" | "centre" | "only";
  body: Blob | ArrayBuffer | Uint8Array | FormData | {
    pictures: PictureSources;
  };
}

export interface VerifyArgs {
  /** Which face where a picture holds several; `only` refuses it */
  faces?: "only" | "largest" | "centre";
  /** False matches that are acceptable; else the list's, else the setting match.fmr */
  fmr?: number;
  purpose?: "verification" | "identification" | "live_identification" | "attendance";
  body: FormData | {
    a: Source;
    b: Source;
  };
}

export interface IdentifyArgs {
  /** Only these lists, by name or id; else all of the purpose */
  list?: ListRef[];
  purpose?: "identification" | "live_identification" | "attendance";
  /** False matches that are acceptable; else the list's, else the setting match.fmr */
  fmr?: number;
  /** Most candidates for a face */
  k?: number;
  /** Which faces of a picture */
  faces?: "all" | "largest" | "centre" | "only";
  /** Overall quality below which a face is refused; else the setting face.min_quality */
  minQuality?: number;
  body: Blob | ArrayBuffer | Uint8Array | FormData | {
    sources: Source[];
  };
}

export interface MatchArgs {
  body: MatchRequest;
}

export interface ListMatchArgs {
  listId: Id;
  body: ListMatch;
}

export interface ListDuplicatesArgs {
  listId: Id;
  body?: ListDuplicates;
}

export interface AttributesListArgs {
  /** Most entries of a page */
  limit?: number;
  /** `next` of the page before */
  cursor?: string;
  sort?: "created" | "-created" | "until" | "-until" | "quality" | "-quality";
  /** Of this person */
  person?: Id;
  minQuality?: Unit;
}

export interface AttributesDeleteBatchArgs {
  body: {
    attributes: IdSet;
  };
}

export interface AttributeGetArgs {
  attribute: Id;
}

export interface AttributeDeleteArgs {
  attribute: Id;
}

export interface UsersListArgs {
  /** Most entries of a page */
  limit?: number;
  /** `next` of the page before */
  cursor?: string;
  sort?: "login" | "-login" | "name" | "-name" | "created" | "-created" | "last_login" | "-last_login";
  /** A part of login or name, letters A to Z of either case */
  like?: string;
  role?: RoleName;
  active?: boolean;
}

export interface UserCreateArgs {
  /** The same key and body again within 24 hours gives the first answer again. Where that speaks of a person, it is on record as `answer.again`, and nothing else is. */
  idempotencyKey?: string;
  body: UserCreate;
}

export interface UserGetArgs {
  user: Id;
}

export interface UserChangeArgs {
  user: Id;
  /** ETag of the state that is to be changed or deleted, or * for any */
  ifMatch?: string;
  body: UserChange;
}

export interface UserDeleteArgs {
  user: Id;
  /** ETag of the state that is to be changed or deleted, or * for any */
  ifMatch?: string;
}

export interface UserResetArgs {
  user: Id;
}

export interface RolesListArgs {
  /** Most entries of a page */
  limit?: number;
  /** `next` of the page before */
  cursor?: string;
  /** `predefined`: these first, then by name */
  sort?: "predefined" | "role" | "-role" | "updated" | "-updated";
  /** A part of the name or text, letters A to Z of either case */
  like?: string;
  predefined?: boolean;
  /** Those that give this right */
  right?: Right;
}

export interface RoleCreateArgs {
  /** The same key and body again within 24 hours gives the first answer again. Where that speaks of a person, it is on record as `answer.again`, and nothing else is. */
  idempotencyKey?: string;
  body: RoleCreate;
}

export interface RoleGetArgs {
  role: RoleName;
}

export interface RoleChangeArgs {
  role: RoleName;
  /** ETag of the state that is to be changed or deleted, or * for any */
  ifMatch?: string;
  body: RoleChange;
}

export interface RoleDeleteArgs {
  role: RoleName;
  /** ETag of the state that is to be changed or deleted, or * for any */
  ifMatch?: string;
}

export interface TokensListArgs {
  /** Most entries of a page */
  limit?: number;
  /** `next` of the page before */
  cursor?: string;
  sort?: "created" | "-created" | "name" | "-name" | "last_used" | "-last_used" | "until" | "-until";
  /** A part of the name, letters A to Z of either case */
  like?: string;
  /** Whether its time is not over yet */
  active?: boolean;
  /** Not used since this time, or never */
  unusedSince?: Time;
  user?: Id;
}

export interface TokenCreateArgs {
  /** The same key and body again within 24 hours gives the first answer again. Where that speaks of a person, it is on record as `answer.again`, and nothing else is. */
  idempotencyKey?: string;
  body: TokenCreate;
}

export interface TokensRevokeBatchArgs {
  body: {
    tokens: IdSet;
  };
}

export interface TokenGetArgs {
  token: Id;
}

export interface TokenChangeArgs {
  token: Id;
  /** ETag of the state that is to be changed or deleted, or * for any */
  ifMatch?: string;
  body: TokenChange;
}

export interface TokenRevokeArgs {
  token: Id;
  /** ETag of the state that is to be changed or deleted, or * for any */
  ifMatch?: string;
}

export interface AccountsListArgs {
  /** Most entries of a page */
  limit?: number;
  /** `next` of the page before */
  cursor?: string;
  sort?: "name" | "-name" | "created" | "-created" | "expires" | "-expires";
  /** A part of the name, letters A to Z of either case */
  like?: string;
  active?: boolean;
  /** Ending before this time */
  expiresTo?: Time;
}

export interface AccountCreateArgs {
  /** The same key and body again within 24 hours gives the first answer again. Where that speaks of a person, it is on record as `answer.again`, and nothing else is. */
  idempotencyKey?: string;
  body: AccountCreate;
}

export interface AccountGetArgs {
  account: Id;
}

export interface AccountChangeArgs {
  account: Id;
  /** ETag of the state that is to be changed or deleted, or * for any */
  ifMatch?: string;
  body: AccountChange;
}

export interface AccountDeleteArgs {
  account: Id;
  /** ETag of the state that is to be changed or deleted, or * for any */
  ifMatch?: string;
}

export interface SettingsChangeArgs {
  /** ETag of the state that is to be changed or deleted, or * for any */
  ifMatch?: string;
  body: SettingsChange;
}

export interface FieldsPutArgs {
  /** ETag of the state that is to be changed or deleted, or * for any */
  ifMatch?: string;
  /** Let values go that no field is left for */
  drop?: boolean;
  body: Fields;
}

export interface AuditListArgs {
  /** Most entries of a page */
  limit?: number;
  /** `next` of the page before */
  cursor?: string;
  sort?: "seq" | "-seq";
  /** From this time on */
  from?: Time;
  /** Before this time */
  to?: Time;
  actor?: string;
  /** This action, or with a dot at the end all that begin with it (`person.`) */
  action?: string;
  /** About this person or object */
  target?: Id;
}

export interface AuditExportArgs {
  /** From this time on */
  from?: Time;
  /** Before this time */
  to?: Time;
}

/** Every operation of the API. */
export class Mien extends Client {
  /** Sign in with login and password */
  async login(args: LoginArgs, options: RequestOptions = {}): Promise<Answer<Me, 200>> {
    return (await this.send({ method: "POST", path: "/v1/login", body: args.body, kind: "json" }, options)) as Answer<Me, 200>;
  }

  /** End this session, or all of one's own */
  async logout(args: LogoutArgs = {}, options: RequestOptions = {}): Promise<Answer<undefined, 204>> {
    return (await this.send({ method: "POST", path: "/v1/logout", query: { everywhere: args.everywhere }, kind: "none" }, options)) as Answer<undefined, 204>;
  }

  /** Who am I, and what may I do? */
  async meGet(options: RequestOptions = {}): Promise<Answer<Me, 200>> {
    return (await this.send({ method: "GET", path: "/v1/me", kind: "json" }, options)) as Answer<Me, 200>;
  }

  /** Change one's own password */
  async passwordChange(args: PasswordChangeArgs, options: RequestOptions = {}): Promise<Answer<undefined, 204>> {
    return (await this.send({ method: "POST", path: "/v1/me/password", body: args.body, kind: "none" }, options)) as Answer<undefined, 204>;
  }

  /** One's own sessions */
  async sessionsList(args: SessionsListArgs = {}, options: RequestOptions = {}): Promise<Answer<SessionPage, 200>> {
    return (await this.send({ method: "GET", path: "/v1/me/sessions", query: { limit: args.limit, cursor: args.cursor, sort: args.sort }, kind: "json" }, options)) as Answer<SessionPage, 200>;
  }

  /** One's own sessions: one page as a table; the next cursor is in the header X-Next-Cursor */
  async sessionsListCsv(args: SessionsListArgs = {}, options: RequestOptions = {}): Promise<Answer<string, 200>> {
    return (await this.send({ method: "GET", path: "/v1/me/sessions", query: { limit: args.limit, cursor: args.cursor, sort: args.sort }, accept: "text/csv", kind: "text" }, options)) as Answer<string, 200>;
  }

  /** One's own sessions: all pages, entry by entry */
  async *sessionsListAll(args: SessionsListArgs = {}, options: RequestOptions = {}): AsyncGenerator<Session, void> {
    let cursor = args.cursor;
    do {
      const { data }: Answer<SessionPage> = await this.sessionsList({ ...args, cursor }, options);
      yield* data.sessions;
      cursor = data.next ?? undefined;
    } while (cursor !== undefined);
  }

  /** End one of one's own sessions */
  async sessionEnd(args: SessionEndArgs, options: RequestOptions = {}): Promise<Answer<undefined, 204>> {
    return (await this.send({ method: "DELETE", path: `/v1/me/sessions/${encodeURIComponent(args.session)}`, kind: "none" }, options)) as Answer<undefined, 204>;
  }

  /** Find people */
  async peopleList(args: PeopleListArgs = {}, options: RequestOptions = {}): Promise<Answer<PersonPage, 200>> {
    return (await this.send({ method: "GET", path: "/v1/people", query: { limit: args.limit, cursor: args.cursor, sort: args.sort, like: args.like, external_id: args.externalId, list: args.list, active: args.active, has_faces: args.hasFaces, consent: args.consent, field: args.field, created_from: args.createdFrom, created_to: args.createdTo }, kind: "json" }, options)) as Answer<PersonPage, 200>;
  }

  /** Find people: one page as a table; the next cursor is in the header X-Next-Cursor */
  async peopleListCsv(args: PeopleListArgs = {}, options: RequestOptions = {}): Promise<Answer<string, 200>> {
    return (await this.send({ method: "GET", path: "/v1/people", query: { limit: args.limit, cursor: args.cursor, sort: args.sort, like: args.like, external_id: args.externalId, list: args.list, active: args.active, has_faces: args.hasFaces, consent: args.consent, field: args.field, created_from: args.createdFrom, created_to: args.createdTo }, accept: "text/csv", kind: "text" }, options)) as Answer<string, 200>;
  }

  /** Find people: all pages, entry by entry */
  async *peopleListAll(args: PeopleListArgs = {}, options: RequestOptions = {}): AsyncGenerator<Person, void> {
    let cursor = args.cursor;
    do {
      const { data }: Answer<PersonPage> = await this.peopleList({ ...args, cursor }, options);
      yield* data.people;
      cursor = data.next ?? undefined;
    } while (cursor !== undefined);
  }

  /** Create a person, with consent if there is one */
  async personCreate(args: PersonCreateArgs, options: RequestOptions = {}): Promise<Answer<Person, 201>> {
    return (await this.send({ method: "POST", path: "/v1/people", headers: { "Idempotency-Key": args.idempotencyKey }, body: args.body, kind: "json" }, options)) as Answer<Person, 201>;
  }

  /** Create up to 1000 people */
  async peopleCreateBatch(args: PeopleCreateBatchArgs, options: RequestOptions = {}): Promise<Answer<BatchReport, 200>> {
    return (await this.send({ method: "POST", path: "/v1/people/batch", headers: { "Idempotency-Key": args.idempotencyKey }, body: args.body, kind: "json" }, options)) as Answer<BatchReport, 200>;
  }

  /** Erase up to 1000 people for good */
  async peopleEraseBatch(args: PeopleEraseBatchArgs, options: RequestOptions = {}): Promise<Answer<BatchReport, 200>> {
    return (await this.send({ method: "POST", path: "/v1/people/batch-erase", body: args.body, kind: "json" }, options)) as Answer<BatchReport, 200>;
  }

  /** People with all that is theirs, as JSON Lines */
  async peopleExport(args: PeopleExportArgs, options: RequestOptions = {}): Promise<Answer<ReadableStream<Uint8Array>, 200>> {
    return (await this.send({ method: "GET", path: "/v1/people/export", query: { reason: args.reason, list: args.list, vectors: args.vectors }, accept: "application/jsonl", kind: "stream" }, options)) as Answer<ReadableStream<Uint8Array>, 200>;
  }

  /** People taken in from JSON Lines, as `mien import` does */
  async peopleImport(args: PeopleImportArgs, options: RequestOptions = {}): Promise<Answer<ImportReport, 200>> {
    return (await this.send({ method: "POST", path: "/v1/people/import", query: { dry_run: args.dryRun, list: args.list, model: args.model, consent: args.consent, consent_method: args.consentMethod, consent_evidence: args.consentEvidence, consent_until: args.consentUntil }, body: args.body, media: "application/jsonl", kind: "json" }, options)) as Answer<ImportReport, 200>;
  }

  /** One person with consents, lists and faces */
  async personGet(args: PersonGetArgs, options: RequestOptions = {}): Promise<Answer<Person, 200>> {
    return (await this.send({ method: "GET", path: `/v1/people/${encodeURIComponent(args.person)}`, kind: "json" }, options)) as Answer<Person, 200>;
  }

  /** Change a person's record */
  async personChange(args: PersonChangeArgs, options: RequestOptions = {}): Promise<Answer<Person, 200>> {
    return (await this.send({ method: "PATCH", path: `/v1/people/${encodeURIComponent(args.person)}`, headers: { "If-Match": args.ifMatch }, body: args.body, kind: "json" }, options)) as Answer<Person, 200>;
  }

  /** Erase a person for good */
  async personErase(args: PersonEraseArgs, options: RequestOptions = {}): Promise<Answer<Erasure, 200>> {
    return (await this.send({ method: "POST", path: `/v1/people/${encodeURIComponent(args.person)}/erase`, kind: "json" }, options)) as Answer<Erasure, 200>;
  }

  /** Take over everything of another record of the same person */
  async personMerge(args: PersonMergeArgs, options: RequestOptions = {}): Promise<Answer<Person, 200>> {
    return (await this.send({ method: "POST", path: `/v1/people/${encodeURIComponent(args.person)}/merge`, body: args.body, kind: "json" }, options)) as Answer<Person, 200>;
  }

  /** The picture that stands for a person */
  async personAvatar(args: PersonAvatarArgs, options: RequestOptions = {}): Promise<Answer<Blob, 200>> {
    return (await this.send({ method: "GET", path: `/v1/people/${encodeURIComponent(args.person)}/avatar`, accept: "*/*", kind: "blob" }, options)) as Answer<Blob, 200>;
  }

  /** Consents of everybody, for instance those that end soon */
  async consentsList(args: ConsentsListArgs = {}, options: RequestOptions = {}): Promise<Answer<ConsentPage, 200>> {
    return (await this.send({ method: "GET", path: "/v1/consents", query: { limit: args.limit, cursor: args.cursor, sort: args.sort, purpose: args.purpose, state: args.state, given_from: args.givenFrom, given_to: args.givenTo, until_from: args.untilFrom, until_to: args.untilTo }, kind: "json" }, options)) as Answer<ConsentPage, 200>;
  }

  /** Consents of everybody, for instance those that end soon: one page as a table; the next cursor is in the header X-Next-Cursor */
  async consentsListCsv(args: ConsentsListArgs = {}, options: RequestOptions = {}): Promise<Answer<string, 200>> {
    return (await this.send({ method: "GET", path: "/v1/consents", query: { limit: args.limit, cursor: args.cursor, sort: args.sort, purpose: args.purpose, state: args.state, given_from: args.givenFrom, given_to: args.givenTo, until_from: args.untilFrom, until_to: args.untilTo }, accept: "text/csv", kind: "text" }, options)) as Answer<string, 200>;
  }

  /** Consents of everybody, for instance those that end soon: all pages, entry by entry */
  async *consentsListAll(args: ConsentsListArgs = {}, options: RequestOptions = {}): AsyncGenerator<Consent, void> {
    let cursor = args.cursor;
    do {
      const { data }: Answer<ConsentPage> = await this.consentsList({ ...args, cursor }, options);
      yield* data.consents;
      cursor = data.next ?? undefined;
    } while (cursor !== undefined);
  }

  /** Put up to 1000 consents on record, of whoever they are */
  async consentsGiveBatch(args: ConsentsGiveBatchArgs, options: RequestOptions = {}): Promise<Answer<BatchReport, 200>> {
    return (await this.send({ method: "POST", path: "/v1/consents/batch", headers: { "Idempotency-Key": args.idempotencyKey }, body: args.body, kind: "json" }, options)) as Answer<BatchReport, 200>;
  }

  /** Withdraw up to 1000 consents, at once */
  async consentsWithdrawBatch(args: ConsentsWithdrawBatchArgs, options: RequestOptions = {}): Promise<Answer<BatchReport, 200>> {
    return (await this.send({ method: "POST", path: "/v1/consents/batch-withdraw", body: args.body, kind: "json" }, options)) as Answer<BatchReport, 200>;
  }

  /** The history of what a person agreed to */
  async personConsents(args: PersonConsentsArgs, options: RequestOptions = {}): Promise<Answer<ConsentPage, 200>> {
    return (await this.send({ method: "GET", path: `/v1/people/${encodeURIComponent(args.person)}/consents`, query: { limit: args.limit, cursor: args.cursor, purpose: args.purpose, state: args.state }, kind: "json" }, options)) as Answer<ConsentPage, 200>;
  }

  /** The history of what a person agreed to: one page as a table; the next cursor is in the header X-Next-Cursor */
  async personConsentsCsv(args: PersonConsentsArgs, options: RequestOptions = {}): Promise<Answer<string, 200>> {
    return (await this.send({ method: "GET", path: `/v1/people/${encodeURIComponent(args.person)}/consents`, query: { limit: args.limit, cursor: args.cursor, purpose: args.purpose, state: args.state }, accept: "text/csv", kind: "text" }, options)) as Answer<string, 200>;
  }

  /** The history of what a person agreed to: all pages, entry by entry */
  async *personConsentsAll(args: PersonConsentsArgs, options: RequestOptions = {}): AsyncGenerator<Consent, void> {
    let cursor = args.cursor;
    do {
      const { data }: Answer<ConsentPage> = await this.personConsents({ ...args, cursor }, options);
      yield* data.consents;
      cursor = data.next ?? undefined;
    } while (cursor !== undefined);
  }

  /** Put a consent on record */
  async consentGive(args: ConsentGiveArgs, options: RequestOptions = {}): Promise<Answer<Consent, 201>> {
    return (await this.send({ method: "POST", path: `/v1/people/${encodeURIComponent(args.person)}/consents`, headers: { "Idempotency-Key": args.idempotencyKey }, body: args.body, kind: "json" }, options)) as Answer<Consent, 201>;
  }

  /** One consent */
  async consentGet(args: ConsentGetArgs, options: RequestOptions = {}): Promise<Answer<Consent, 200>> {
    return (await this.send({ method: "GET", path: `/v1/people/${encodeURIComponent(args.person)}/consents/${encodeURIComponent(args.consent)}`, kind: "json" }, options)) as Answer<Consent, 200>;
  }

  /** Withdraw a consent, at once */
  async consentWithdraw(args: ConsentWithdrawArgs, options: RequestOptions = {}): Promise<Answer<Consent, 200>> {
    return (await this.send({ method: "POST", path: `/v1/people/${encodeURIComponent(args.person)}/consents/${encodeURIComponent(args.consent)}/withdraw`, kind: "json" }, options)) as Answer<Consent, 200>;
  }

  /** The file that proves a consent */
  async evidenceGet(args: EvidenceGetArgs, options: RequestOptions = {}): Promise<Answer<Blob, 200>> {
    return (await this.send({ method: "GET", path: `/v1/people/${encodeURIComponent(args.person)}/consents/${encodeURIComponent(args.consent)}/evidence`, accept: "*/*", kind: "blob" }, options)) as Answer<Blob, 200>;
  }

  /** Add the file that proves a consent, once */
  async evidencePut(args: EvidencePutArgs, options: RequestOptions = {}): Promise<Answer<undefined, 204>> {
    return (await this.send({ method: "PUT", path: `/v1/people/${encodeURIComponent(args.person)}/consents/${encodeURIComponent(args.consent)}/evidence`, body: args.body, kind: "none" }, options)) as Answer<undefined, 204>;
  }

  /** The enrolled faces of a person */
  async personFaces(args: PersonFacesArgs, options: RequestOptions = {}): Promise<Answer<FacePage, 200>> {
    return (await this.send({ method: "GET", path: `/v1/people/${encodeURIComponent(args.person)}/faces`, query: { limit: args.limit, cursor: args.cursor, sort: args.sort }, kind: "json" }, options)) as Answer<FacePage, 200>;
  }

  /** The enrolled faces of a person: one page as a table; the next cursor is in the header X-Next-Cursor */
  async personFacesCsv(args: PersonFacesArgs, options: RequestOptions = {}): Promise<Answer<string, 200>> {
    return (await this.send({ method: "GET", path: `/v1/people/${encodeURIComponent(args.person)}/faces`, query: { limit: args.limit, cursor: args.cursor, sort: args.sort }, accept: "text/csv", kind: "text" }, options)) as Answer<string, 200>;
  }

  /** The enrolled faces of a person: all pages, entry by entry */
  async *personFacesAll(args: PersonFacesArgs, options: RequestOptions = {}): AsyncGenerator<Face, void> {
    let cursor = args.cursor;
    do {
      const { data }: Answer<FacePage> = await this.personFaces({ ...args, cursor }, options);
      yield* data.faces;
      cursor = data.next ?? undefined;
    } while (cursor !== undefined);
  }

  /** Enrol a face */
  async faceCreate(args: FaceCreateArgs, options: RequestOptions = {}): Promise<Answer<Enrolment, 201> | Answer<Decision, 202>> {
    return (await this.send({ method: "POST", path: `/v1/people/${encodeURIComponent(args.person)}/faces`, query: { faces: args.faces, on_duplicate: args.onDuplicate, keep_original: args.keepOriginal, min_quality: args.minQuality, source: args.source }, headers: { "Idempotency-Key": args.idempotencyKey }, body: args.body, kind: "json" }, options)) as Answer<Enrolment, 201> | Answer<Decision, 202>;
  }

  /** A decision that waits */
  async decisionGet(args: DecisionGetArgs, options: RequestOptions = {}): Promise<Answer<Decision, 200>> {
    return (await this.send({ method: "GET", path: `/v1/decisions/${encodeURIComponent(args.decision)}`, kind: "json" }, options)) as Answer<Decision, 200>;
  }

  /** Decide about a possible duplicate */
  async decisionMake(args: DecisionMakeArgs, options: RequestOptions = {}): Promise<Answer<Enrolment, 200> | Answer<undefined, 204>> {
    return (await this.send({ method: "POST", path: `/v1/decisions/${encodeURIComponent(args.decision)}`, headers: { "Idempotency-Key": args.idempotencyKey }, body: args.body, kind: "json" }, options)) as Answer<Enrolment, 200> | Answer<undefined, 204>;
  }

  /** Find enrolled faces */
  async facesList(args: FacesListArgs = {}, options: RequestOptions = {}): Promise<Answer<FacePage, 200>> {
    return (await this.send({ method: "GET", path: "/v1/faces", query: { limit: args.limit, cursor: args.cursor, sort: args.sort, list: args.list, min_quality: args.minQuality, max_quality: args.maxQuality, created_from: args.createdFrom, created_to: args.createdTo }, kind: "json" }, options)) as Answer<FacePage, 200>;
  }

  /** Find enrolled faces: one page as a table; the next cursor is in the header X-Next-Cursor */
  async facesListCsv(args: FacesListArgs = {}, options: RequestOptions = {}): Promise<Answer<string, 200>> {
    return (await this.send({ method: "GET", path: "/v1/faces", query: { limit: args.limit, cursor: args.cursor, sort: args.sort, list: args.list, min_quality: args.minQuality, max_quality: args.maxQuality, created_from: args.createdFrom, created_to: args.createdTo }, accept: "text/csv", kind: "text" }, options)) as Answer<string, 200>;
  }

  /** Find enrolled faces: all pages, entry by entry */
  async *facesListAll(args: FacesListArgs = {}, options: RequestOptions = {}): AsyncGenerator<Face, void> {
    let cursor = args.cursor;
    do {
      const { data }: Answer<FacePage> = await this.facesList({ ...args, cursor }, options);
      yield* data.faces;
      cursor = data.next ?? undefined;
    } while (cursor !== undefined);
  }

  /** Delete up to 1000 faces */
  async facesDeleteBatch(args: FacesDeleteBatchArgs, options: RequestOptions = {}): Promise<Answer<BatchReport, 200>> {
    return (await this.send({ method: "POST", path: "/v1/faces/batch-delete", body: args.body, kind: "json" }, options)) as Answer<BatchReport, 200>;
  }

  /** One enrolled face */
  async faceGet(args: FaceGetArgs, options: RequestOptions = {}): Promise<Answer<Face, 200>> {
    return (await this.send({ method: "GET", path: `/v1/faces/${encodeURIComponent(args.face)}`, kind: "json" }, options)) as Answer<Face, 200>;
  }

  /** Delete a face with its sample, original and descriptors */
  async faceDelete(args: FaceDeleteArgs, options: RequestOptions = {}): Promise<Answer<undefined, 204>> {
    return (await this.send({ method: "DELETE", path: `/v1/faces/${encodeURIComponent(args.face)}`, headers: { "If-Match": args.ifMatch }, kind: "none" }, options)) as Answer<undefined, 204>;
  }

  /** The descriptor of a face */
  async descriptorGet(args: DescriptorGetArgs, options: RequestOptions = {}): Promise<Answer<Descriptor, 200>> {
    return (await this.send({ method: "GET", path: `/v1/faces/${encodeURIComponent(args.face)}/descriptor`, kind: "json" }, options)) as Answer<Descriptor, 200>;
  }

  /** Descriptors of a list, page by page */
  async descriptorsExport(args: DescriptorsExportArgs, options: RequestOptions = {}): Promise<Answer<DescriptorPage, 200>> {
    return (await this.send({ method: "GET", path: "/v1/descriptors/export", query: { limit: args.limit, cursor: args.cursor, list: args.list }, kind: "json" }, options)) as Answer<DescriptorPage, 200>;
  }

  /** Descriptors of a list, page by page: one page as a table; the next cursor is in the header X-Next-Cursor */
  async descriptorsExportCsv(args: DescriptorsExportArgs, options: RequestOptions = {}): Promise<Answer<string, 200>> {
    return (await this.send({ method: "GET", path: "/v1/descriptors/export", query: { limit: args.limit, cursor: args.cursor, list: args.list }, accept: "text/csv", kind: "text" }, options)) as Answer<string, 200>;
  }

  /** Descriptors of a list, page by page: all pages, entry by entry */
  async *descriptorsExportAll(args: DescriptorsExportArgs, options: RequestOptions = {}): AsyncGenerator<Descriptor, void> {
    let cursor = args.cursor;
    do {
      const { data }: Answer<DescriptorPage> = await this.descriptorsExport({ ...args, cursor }, options);
      yield* data.descriptors;
      cursor = data.next ?? undefined;
    } while (cursor !== undefined);
  }

  /** Enrol up to 1000 descriptors that the same model made elsewhere */
  async descriptorsImport(args: DescriptorsImportArgs, options: RequestOptions = {}): Promise<Answer<BatchReport, 200>> {
    return (await this.send({ method: "POST", path: "/v1/descriptors/import", headers: { "Idempotency-Key": args.idempotencyKey }, body: args.body, kind: "json" }, options)) as Answer<BatchReport, 200>;
  }

  /** The aligned picture of a face */
  async sampleGet(args: SampleGetArgs, options: RequestOptions = {}): Promise<Answer<Blob, 200>> {
    return (await this.send({ method: "GET", path: `/v1/samples/${encodeURIComponent(args.sample)}`, accept: "*/*", kind: "blob" }, options)) as Answer<Blob, 200>;
  }

  /** The whole picture that a face was enrolled from */
  async originalGet(args: OriginalGetArgs, options: RequestOptions = {}): Promise<Answer<Blob, 200>> {
    return (await this.send({ method: "GET", path: `/v1/originals/${encodeURIComponent(args.original)}`, accept: "*/*", kind: "blob" }, options)) as Answer<Blob, 200>;
  }

  /** Delete the whole picture, keep the face */
  async originalDelete(args: OriginalDeleteArgs, options: RequestOptions = {}): Promise<Answer<undefined, 204>> {
    return (await this.send({ method: "DELETE", path: `/v1/originals/${encodeURIComponent(args.original)}`, kind: "none" }, options)) as Answer<undefined, 204>;
  }

  /** Lists */
  async listsList(args: ListsListArgs = {}, options: RequestOptions = {}): Promise<Answer<ListPage, 200>> {
    return (await this.send({ method: "GET", path: "/v1/lists", query: { limit: args.limit, cursor: args.cursor, sort: args.sort, purpose: args.purpose, active: args.active, like: args.like }, kind: "json" }, options)) as Answer<ListPage, 200>;
  }

  /** Lists: one page as a table; the next cursor is in the header X-Next-Cursor */
  async listsListCsv(args: ListsListArgs = {}, options: RequestOptions = {}): Promise<Answer<string, 200>> {
    return (await this.send({ method: "GET", path: "/v1/lists", query: { limit: args.limit, cursor: args.cursor, sort: args.sort, purpose: args.purpose, active: args.active, like: args.like }, accept: "text/csv", kind: "text" }, options)) as Answer<string, 200>;
  }

  /** Lists: all pages, entry by entry */
  async *listsListAll(args: ListsListArgs = {}, options: RequestOptions = {}): AsyncGenerator<List, void> {
    let cursor = args.cursor;
    do {
      const { data }: Answer<ListPage> = await this.listsList({ ...args, cursor }, options);
      yield* data.lists;
      cursor = data.next ?? undefined;
    } while (cursor !== undefined);
  }

  /** Create a list */
  async listCreate(args: ListCreateArgs, options: RequestOptions = {}): Promise<Answer<List, 201>> {
    return (await this.send({ method: "POST", path: "/v1/lists", headers: { "Idempotency-Key": args.idempotencyKey }, body: args.body, kind: "json" }, options)) as Answer<List, 201>;
  }

  /** Create up to 1000 lists */
  async listsCreateBatch(args: ListsCreateBatchArgs, options: RequestOptions = {}): Promise<Answer<BatchReport, 200>> {
    return (await this.send({ method: "POST", path: "/v1/lists/batch", headers: { "Idempotency-Key": args.idempotencyKey }, body: args.body, kind: "json" }, options)) as Answer<BatchReport, 200>;
  }

  /** Delete up to 1000 lists; their people stay */
  async listsDeleteBatch(args: ListsDeleteBatchArgs, options: RequestOptions = {}): Promise<Answer<BatchReport, 200>> {
    return (await this.send({ method: "POST", path: "/v1/lists/batch-delete", body: args.body, kind: "json" }, options)) as Answer<BatchReport, 200>;
  }

  /** One list */
  async listGet(args: ListGetArgs, options: RequestOptions = {}): Promise<Answer<List, 200>> {
    return (await this.send({ method: "GET", path: `/v1/lists/${encodeURIComponent(args.listId)}`, kind: "json" }, options)) as Answer<List, 200>;
  }

  /** Change a list */
  async listChange(args: ListChangeArgs, options: RequestOptions = {}): Promise<Answer<List, 200>> {
    return (await this.send({ method: "PATCH", path: `/v1/lists/${encodeURIComponent(args.listId)}`, headers: { "If-Match": args.ifMatch }, body: args.body, kind: "json" }, options)) as Answer<List, 200>;
  }

  /** Delete a list; its people stay */
  async listDelete(args: ListDeleteArgs, options: RequestOptions = {}): Promise<Answer<undefined, 204>> {
    return (await this.send({ method: "DELETE", path: `/v1/lists/${encodeURIComponent(args.listId)}`, headers: { "If-Match": args.ifMatch }, kind: "none" }, options)) as Answer<undefined, 204>;
  }

  /** Who is in a list */
  async membersList(args: MembersListArgs, options: RequestOptions = {}): Promise<Answer<MemberPage, 200>> {
    return (await this.send({ method: "GET", path: `/v1/lists/${encodeURIComponent(args.listId)}/members`, query: { limit: args.limit, cursor: args.cursor, sort: args.sort, like: args.like }, kind: "json" }, options)) as Answer<MemberPage, 200>;
  }

  /** Who is in a list: one page as a table; the next cursor is in the header X-Next-Cursor */
  async membersListCsv(args: MembersListArgs, options: RequestOptions = {}): Promise<Answer<string, 200>> {
    return (await this.send({ method: "GET", path: `/v1/lists/${encodeURIComponent(args.listId)}/members`, query: { limit: args.limit, cursor: args.cursor, sort: args.sort, like: args.like }, accept: "text/csv", kind: "text" }, options)) as Answer<string, 200>;
  }

  /** Who is in a list: all pages, entry by entry */
  async *membersListAll(args: MembersListArgs, options: RequestOptions = {}): AsyncGenerator<Member, void> {
    let cursor = args.cursor;
    do {
      const { data }: Answer<MemberPage> = await this.membersList({ ...args, cursor }, options);
      yield* data.members;
      cursor = data.next ?? undefined;
    } while (cursor !== undefined);
  }

  /** Add and remove up to 1000 members */
  async membersChange(args: MembersChangeArgs, options: RequestOptions = {}): Promise<Answer<BatchReport, 200>> {
    return (await this.send({ method: "POST", path: `/v1/lists/${encodeURIComponent(args.listId)}/members`, body: args.body, kind: "json" }, options)) as Answer<BatchReport, 200>;
  }

  /** Add a person to a list */
  async memberAdd(args: MemberAddArgs, options: RequestOptions = {}): Promise<Answer<Member, 200>> {
    return (await this.send({ method: "PUT", path: `/v1/lists/${encodeURIComponent(args.listId)}/members/${encodeURIComponent(args.person)}`, kind: "json" }, options)) as Answer<Member, 200>;
  }

  /** Take a person out of a list */
  async memberRemove(args: MemberRemoveArgs, options: RequestOptions = {}): Promise<Answer<undefined, 204>> {
    return (await this.send({ method: "DELETE", path: `/v1/lists/${encodeURIComponent(args.listId)}/members/${encodeURIComponent(args.person)}`, kind: "none" }, options)) as Answer<undefined, 204>;
  }

  /** Where are faces, and what can be said about them? */
  async detect(args: DetectArgs, options: RequestOptions = {}): Promise<Answer<Detections, 200>> {
    return (await this.send({ method: "POST", path: "/v1/detect", query: { with: args.with }, body: args.body, kind: "json" }, options)) as Answer<Detections, 200>;
  }

  /** Make descriptors and keep them in memory for a while */
  async extract(args: ExtractArgs, options: RequestOptions = {}): Promise<Answer<Extraction, 201>> {
    return (await this.send({ method: "POST", path: "/v1/extract", query: { aggregate: args.aggregate, ttl: args.ttl, person: args.person, faces: args.faces, min_quality: args.minQuality }, headers: { "Idempotency-Key": args.idempotencyKey }, body: args.body, kind: "json" }, options)) as Answer<Extraction, 201>;
  }

  /** Is the picture fit for a document or for enrolment? */
  async quality(args: QualityArgs, options: RequestOptions = {}): Promise<Answer<QualityReport, 200>> {
    return (await this.send({ method: "POST", path: "/v1/quality", query: { faces: args.faces, profile: args.profile }, body: args.body, kind: "json" }, options)) as Answer<QualityReport, 200>;
  }

  /** Is it a live person, or a picture, a screen, a mask? */
  async liveness(args: LivenessArgs, options: RequestOptions = {}): Promise<Answer<LivenessReport, 200>> {
    return (await this.send({ method: "POST", path: "/v1/liveness", query: { threshold: args.threshold, min_quality: args.minQuality, aggregate: args.aggregate, faces: args.faces }, body: args.body, kind: "json" }, options)) as Answer<LivenessReport, 200>;
  }

  /** Is this the same person? */
  async verify(args: VerifyArgs, options: RequestOptions = {}): Promise<Answer<Verdict, 200>> {
    return (await this.send({ method: "POST", path: "/v1/verify", query: { faces: args.faces, fmr: args.fmr, purpose: args.purpose }, body: args.body, kind: "json" }, options)) as Answer<Verdict, 200>;
  }

  /** Which of the people enrolled is this? */
  async identify(args: IdentifyArgs, options: RequestOptions = {}): Promise<Answer<Identification, 200>> {
    return (await this.send({ method: "POST", path: "/v1/identify", query: { list: args.list, purpose: args.purpose, fmr: args.fmr, k: args.k, faces: args.faces, min_quality: args.minQuality }, body: args.body, kind: "json" }, options)) as Answer<Identification, 200>;
  }

  /** Compare references with sets of candidates */
  async match(args: MatchArgs, options: RequestOptions = {}): Promise<Answer<MatchReport, 200>> {
    return (await this.send({ method: "POST", path: "/v1/match", body: args.body, kind: "json" }, options)) as Answer<MatchReport, 200>;
  }

  /** Who of this list is in another one as well */
  async listMatch(args: ListMatchArgs, options: RequestOptions = {}): Promise<Answer<ReadableStream<Uint8Array>, 200>> {
    return (await this.send({ method: "POST", path: `/v1/lists/${encodeURIComponent(args.listId)}/match`, body: args.body, accept: "application/jsonl", kind: "stream" }, options)) as Answer<ReadableStream<Uint8Array>, 200>;
  }

  /** Who is enrolled twice in this list */
  async listDuplicates(args: ListDuplicatesArgs, options: RequestOptions = {}): Promise<Answer<ReadableStream<Uint8Array>, 200>> {
    return (await this.send({ method: "POST", path: `/v1/lists/${encodeURIComponent(args.listId)}/duplicates`, body: args.body, accept: "application/jsonl", kind: "stream" }, options)) as Answer<ReadableStream<Uint8Array>, 200>;
  }

  /** Attributes that live */
  async attributesList(args: AttributesListArgs = {}, options: RequestOptions = {}): Promise<Answer<AttributePage, 200>> {
    return (await this.send({ method: "GET", path: "/v1/attributes", query: { limit: args.limit, cursor: args.cursor, sort: args.sort, person: args.person, min_quality: args.minQuality }, kind: "json" }, options)) as Answer<AttributePage, 200>;
  }

  /** Attributes that live: one page as a table; the next cursor is in the header X-Next-Cursor */
  async attributesListCsv(args: AttributesListArgs = {}, options: RequestOptions = {}): Promise<Answer<string, 200>> {
    return (await this.send({ method: "GET", path: "/v1/attributes", query: { limit: args.limit, cursor: args.cursor, sort: args.sort, person: args.person, min_quality: args.minQuality }, accept: "text/csv", kind: "text" }, options)) as Answer<string, 200>;
  }

  /** Attributes that live: all pages, entry by entry */
  async *attributesListAll(args: AttributesListArgs = {}, options: RequestOptions = {}): AsyncGenerator<Attribute, void> {
    let cursor = args.cursor;
    do {
      const { data }: Answer<AttributePage> = await this.attributesList({ ...args, cursor }, options);
      yield* data.attributes;
      cursor = data.next ?? undefined;
    } while (cursor !== undefined);
  }

  /** Forget up to 1000 attributes now */
  async attributesDeleteBatch(args: AttributesDeleteBatchArgs, options: RequestOptions = {}): Promise<Answer<BatchReport, 200>> {
    return (await this.send({ method: "POST", path: "/v1/attributes/batch-delete", body: args.body, kind: "json" }, options)) as Answer<BatchReport, 200>;
  }

  /** One attribute */
  async attributeGet(args: AttributeGetArgs, options: RequestOptions = {}): Promise<Answer<Attribute, 200>> {
    return (await this.send({ method: "GET", path: `/v1/attributes/${encodeURIComponent(args.attribute)}`, kind: "json" }, options)) as Answer<Attribute, 200>;
  }

  /** Forget an attribute now */
  async attributeDelete(args: AttributeDeleteArgs, options: RequestOptions = {}): Promise<Answer<undefined, 204>> {
    return (await this.send({ method: "DELETE", path: `/v1/attributes/${encodeURIComponent(args.attribute)}`, kind: "none" }, options)) as Answer<undefined, 204>;
  }

  /** Users */
  async usersList(args: UsersListArgs = {}, options: RequestOptions = {}): Promise<Answer<UserPage, 200>> {
    return (await this.send({ method: "GET", path: "/v1/users", query: { limit: args.limit, cursor: args.cursor, sort: args.sort, like: args.like, role: args.role, active: args.active }, kind: "json" }, options)) as Answer<UserPage, 200>;
  }

  /** Users: one page as a table; the next cursor is in the header X-Next-Cursor */
  async usersListCsv(args: UsersListArgs = {}, options: RequestOptions = {}): Promise<Answer<string, 200>> {
    return (await this.send({ method: "GET", path: "/v1/users", query: { limit: args.limit, cursor: args.cursor, sort: args.sort, like: args.like, role: args.role, active: args.active }, accept: "text/csv", kind: "text" }, options)) as Answer<string, 200>;
  }

  /** Users: all pages, entry by entry */
  async *usersListAll(args: UsersListArgs = {}, options: RequestOptions = {}): AsyncGenerator<User, void> {
    let cursor = args.cursor;
    do {
      const { data }: Answer<UserPage> = await this.usersList({ ...args, cursor }, options);
      yield* data.users;
      cursor = data.next ?? undefined;
    } while (cursor !== undefined);
  }

  /** Create a user */
  async userCreate(args: UserCreateArgs, options: RequestOptions = {}): Promise<Answer<UserCreated, 201>> {
    return (await this.send({ method: "POST", path: "/v1/users", headers: { "Idempotency-Key": args.idempotencyKey }, body: args.body, kind: "json" }, options)) as Answer<UserCreated, 201>;
  }

  /** One user */
  async userGet(args: UserGetArgs, options: RequestOptions = {}): Promise<Answer<User, 200>> {
    return (await this.send({ method: "GET", path: `/v1/users/${encodeURIComponent(args.user)}`, kind: "json" }, options)) as Answer<User, 200>;
  }

  /** Change a user */
  async userChange(args: UserChangeArgs, options: RequestOptions = {}): Promise<Answer<User, 200>> {
    return (await this.send({ method: "PATCH", path: `/v1/users/${encodeURIComponent(args.user)}`, headers: { "If-Match": args.ifMatch }, body: args.body, kind: "json" }, options)) as Answer<User, 200>;
  }

  /** Delete a user, with sessions and tokens */
  async userDelete(args: UserDeleteArgs, options: RequestOptions = {}): Promise<Answer<undefined, 204>> {
    return (await this.send({ method: "DELETE", path: `/v1/users/${encodeURIComponent(args.user)}`, headers: { "If-Match": args.ifMatch }, kind: "none" }, options)) as Answer<undefined, 204>;
  }

  /** Give a new one-time password, unlock, end all sessions */
  async userReset(args: UserResetArgs, options: RequestOptions = {}): Promise<Answer<UserCreated, 200>> {
    return (await this.send({ method: "POST", path: `/v1/users/${encodeURIComponent(args.user)}/reset`, kind: "json" }, options)) as Answer<UserCreated, 200>;
  }

  /** Roles, predefined and custom */
  async rolesList(args: RolesListArgs = {}, options: RequestOptions = {}): Promise<Answer<RolePage, 200>> {
    return (await this.send({ method: "GET", path: "/v1/roles", query: { limit: args.limit, cursor: args.cursor, sort: args.sort, like: args.like, predefined: args.predefined, right: args.right }, kind: "json" }, options)) as Answer<RolePage, 200>;
  }

  /** Roles, predefined and custom: one page as a table; the next cursor is in the header X-Next-Cursor */
  async rolesListCsv(args: RolesListArgs = {}, options: RequestOptions = {}): Promise<Answer<string, 200>> {
    return (await this.send({ method: "GET", path: "/v1/roles", query: { limit: args.limit, cursor: args.cursor, sort: args.sort, like: args.like, predefined: args.predefined, right: args.right }, accept: "text/csv", kind: "text" }, options)) as Answer<string, 200>;
  }

  /** Roles, predefined and custom: all pages, entry by entry */
  async *rolesListAll(args: RolesListArgs = {}, options: RequestOptions = {}): AsyncGenerator<Role, void> {
    let cursor = args.cursor;
    do {
      const { data }: Answer<RolePage> = await this.rolesList({ ...args, cursor }, options);
      yield* data.roles;
      cursor = data.next ?? undefined;
    } while (cursor !== undefined);
  }

  /** Create a role */
  async roleCreate(args: RoleCreateArgs, options: RequestOptions = {}): Promise<Answer<Role, 201>> {
    return (await this.send({ method: "POST", path: "/v1/roles", headers: { "Idempotency-Key": args.idempotencyKey }, body: args.body, kind: "json" }, options)) as Answer<Role, 201>;
  }

  /** One role */
  async roleGet(args: RoleGetArgs, options: RequestOptions = {}): Promise<Answer<Role, 200>> {
    return (await this.send({ method: "GET", path: `/v1/roles/${encodeURIComponent(args.role)}`, kind: "json" }, options)) as Answer<Role, 200>;
  }

  /** Change a custom role */
  async roleChange(args: RoleChangeArgs, options: RequestOptions = {}): Promise<Answer<Role, 200>> {
    return (await this.send({ method: "PATCH", path: `/v1/roles/${encodeURIComponent(args.role)}`, headers: { "If-Match": args.ifMatch }, body: args.body, kind: "json" }, options)) as Answer<Role, 200>;
  }

  /** Delete a custom role that nobody has */
  async roleDelete(args: RoleDeleteArgs, options: RequestOptions = {}): Promise<Answer<undefined, 204>> {
    return (await this.send({ method: "DELETE", path: `/v1/roles/${encodeURIComponent(args.role)}`, headers: { "If-Match": args.ifMatch }, kind: "none" }, options)) as Answer<undefined, 204>;
  }

  /** Tokens; without tokens.view one's own */
  async tokensList(args: TokensListArgs = {}, options: RequestOptions = {}): Promise<Answer<TokenPage, 200>> {
    return (await this.send({ method: "GET", path: "/v1/tokens", query: { limit: args.limit, cursor: args.cursor, sort: args.sort, like: args.like, active: args.active, unused_since: args.unusedSince, user: args.user }, kind: "json" }, options)) as Answer<TokenPage, 200>;
  }

  /** Tokens; without tokens.view one's own: one page as a table; the next cursor is in the header X-Next-Cursor */
  async tokensListCsv(args: TokensListArgs = {}, options: RequestOptions = {}): Promise<Answer<string, 200>> {
    return (await this.send({ method: "GET", path: "/v1/tokens", query: { limit: args.limit, cursor: args.cursor, sort: args.sort, like: args.like, active: args.active, unused_since: args.unusedSince, user: args.user }, accept: "text/csv", kind: "text" }, options)) as Answer<string, 200>;
  }

  /** Tokens; without tokens.view one's own: all pages, entry by entry */
  async *tokensListAll(args: TokensListArgs = {}, options: RequestOptions = {}): AsyncGenerator<Token, void> {
    let cursor = args.cursor;
    do {
      const { data }: Answer<TokenPage> = await this.tokensList({ ...args, cursor }, options);
      yield* data.tokens;
      cursor = data.next ?? undefined;
    } while (cursor !== undefined);
  }

  /** Create a token for a program */
  async tokenCreate(args: TokenCreateArgs, options: RequestOptions = {}): Promise<Answer<TokenCreated, 201>> {
    return (await this.send({ method: "POST", path: "/v1/tokens", headers: { "Idempotency-Key": args.idempotencyKey }, body: args.body, kind: "json" }, options)) as Answer<TokenCreated, 201>;
  }

  /** Revoke up to 1000 tokens; without tokens.delete one's own */
  async tokensRevokeBatch(args: TokensRevokeBatchArgs, options: RequestOptions = {}): Promise<Answer<BatchReport, 200>> {
    return (await this.send({ method: "POST", path: "/v1/tokens/batch-revoke", body: args.body, kind: "json" }, options)) as Answer<BatchReport, 200>;
  }

  /** One token, without its secret */
  async tokenGet(args: TokenGetArgs, options: RequestOptions = {}): Promise<Answer<Token, 200>> {
    return (await this.send({ method: "GET", path: `/v1/tokens/${encodeURIComponent(args.token)}`, kind: "json" }, options)) as Answer<Token, 200>;
  }

  /** Change a token's name, rights or end; never beyond its user's rights */
  async tokenChange(args: TokenChangeArgs, options: RequestOptions = {}): Promise<Answer<Token, 200>> {
    return (await this.send({ method: "PATCH", path: `/v1/tokens/${encodeURIComponent(args.token)}`, headers: { "If-Match": args.ifMatch }, body: args.body, kind: "json" }, options)) as Answer<Token, 200>;
  }

  /** Revoke a token; without tokens.delete one's own */
  async tokenRevoke(args: TokenRevokeArgs, options: RequestOptions = {}): Promise<Answer<undefined, 204>> {
    return (await this.send({ method: "DELETE", path: `/v1/tokens/${encodeURIComponent(args.token)}`, headers: { "If-Match": args.ifMatch }, kind: "none" }, options)) as Answer<undefined, 204>;
  }

  /** Accounts */
  async accountsList(args: AccountsListArgs = {}, options: RequestOptions = {}): Promise<Answer<AccountPage, 200>> {
    return (await this.send({ method: "GET", path: "/v1/accounts", query: { limit: args.limit, cursor: args.cursor, sort: args.sort, like: args.like, active: args.active, expires_to: args.expiresTo }, kind: "json" }, options)) as Answer<AccountPage, 200>;
  }

  /** Accounts: one page as a table; the next cursor is in the header X-Next-Cursor */
  async accountsListCsv(args: AccountsListArgs = {}, options: RequestOptions = {}): Promise<Answer<string, 200>> {
    return (await this.send({ method: "GET", path: "/v1/accounts", query: { limit: args.limit, cursor: args.cursor, sort: args.sort, like: args.like, active: args.active, expires_to: args.expiresTo }, accept: "text/csv", kind: "text" }, options)) as Answer<string, 200>;
  }

  /** Accounts: all pages, entry by entry */
  async *accountsListAll(args: AccountsListArgs = {}, options: RequestOptions = {}): AsyncGenerator<Account, void> {
    let cursor = args.cursor;
    do {
      const { data }: Answer<AccountPage> = await this.accountsList({ ...args, cursor }, options);
      yield* data.accounts;
      cursor = data.next ?? undefined;
    } while (cursor !== undefined);
  }

  /** Create an account with its first administrator */
  async accountCreate(args: AccountCreateArgs, options: RequestOptions = {}): Promise<Answer<AccountCreated, 201>> {
    return (await this.send({ method: "POST", path: "/v1/accounts", headers: { "Idempotency-Key": args.idempotencyKey }, body: args.body, kind: "json" }, options)) as Answer<AccountCreated, 201>;
  }

  /** One account */
  async accountGet(args: AccountGetArgs, options: RequestOptions = {}): Promise<Answer<Account, 200>> {
    return (await this.send({ method: "GET", path: `/v1/accounts/${encodeURIComponent(args.account)}`, kind: "json" }, options)) as Answer<Account, 200>;
  }

  /** Change an account, its limits and its expiry */
  async accountChange(args: AccountChangeArgs, options: RequestOptions = {}): Promise<Answer<Account, 200>> {
    return (await this.send({ method: "PATCH", path: `/v1/accounts/${encodeURIComponent(args.account)}`, headers: { "If-Match": args.ifMatch }, body: args.body, kind: "json" }, options)) as Answer<Account, 200>;
  }

  /** Delete an account that holds nobody any more */
  async accountDelete(args: AccountDeleteArgs, options: RequestOptions = {}): Promise<Answer<undefined, 204>> {
    return (await this.send({ method: "DELETE", path: `/v1/accounts/${encodeURIComponent(args.account)}`, headers: { "If-Match": args.ifMatch }, kind: "none" }, options)) as Answer<undefined, 204>;
  }

  /** Settings with their schema, in force now */
  async settingsGet(options: RequestOptions = {}): Promise<Answer<Settings, 200>> {
    return (await this.send({ method: "GET", path: "/v1/settings", kind: "json" }, options)) as Answer<Settings, 200>;
  }

  /** Settings with their schema, in force now: as a table */
  async settingsGetCsv(options: RequestOptions = {}): Promise<Answer<string, 200>> {
    return (await this.send({ method: "GET", path: "/v1/settings", accept: "text/csv", kind: "text" }, options)) as Answer<string, 200>;
  }

  /** Change settings */
  async settingsChange(args: SettingsChangeArgs, options: RequestOptions = {}): Promise<Answer<Settings, 200>> {
    return (await this.send({ method: "PATCH", path: "/v1/settings", headers: { "If-Match": args.ifMatch }, body: args.body, kind: "json" }, options)) as Answer<Settings, 200>;
  }

  /** The custom fields of people */
  async fieldsGet(options: RequestOptions = {}): Promise<Answer<Fields, 200>> {
    return (await this.send({ method: "GET", path: "/v1/fields", kind: "json" }, options)) as Answer<Fields, 200>;
  }

  /** The custom fields of people: as a table */
  async fieldsGetCsv(options: RequestOptions = {}): Promise<Answer<string, 200>> {
    return (await this.send({ method: "GET", path: "/v1/fields", accept: "text/csv", kind: "text" }, options)) as Answer<string, 200>;
  }

  /** Define the custom fields of people */
  async fieldsPut(args: FieldsPutArgs, options: RequestOptions = {}): Promise<Answer<Fields, 200>> {
    return (await this.send({ method: "PUT", path: "/v1/fields", query: { drop: args.drop }, headers: { "If-Match": args.ifMatch }, body: args.body, kind: "json" }, options)) as Answer<Fields, 200>;
  }

  /** Limits of the account, and how much of them is used */
  async licenseGet(options: RequestOptions = {}): Promise<Answer<License, 200>> {
    return (await this.send({ method: "GET", path: "/v1/license", kind: "json" }, options)) as Answer<License, 200>;
  }

  /** Records of the audit log */
  async auditList(args: AuditListArgs = {}, options: RequestOptions = {}): Promise<Answer<AuditPage, 200>> {
    return (await this.send({ method: "GET", path: "/v1/audit", query: { limit: args.limit, cursor: args.cursor, sort: args.sort, from: args.from, to: args.to, actor: args.actor, action: args.action, target: args.target }, kind: "json" }, options)) as Answer<AuditPage, 200>;
  }

  /** Records of the audit log: one page as a table; the next cursor is in the header X-Next-Cursor */
  async auditListCsv(args: AuditListArgs = {}, options: RequestOptions = {}): Promise<Answer<string, 200>> {
    return (await this.send({ method: "GET", path: "/v1/audit", query: { limit: args.limit, cursor: args.cursor, sort: args.sort, from: args.from, to: args.to, actor: args.actor, action: args.action, target: args.target }, accept: "text/csv", kind: "text" }, options)) as Answer<string, 200>;
  }

  /** Records of the audit log: all pages, entry by entry */
  async *auditListAll(args: AuditListArgs = {}, options: RequestOptions = {}): AsyncGenerator<AuditRecord, void> {
    let cursor = args.cursor;
    do {
      const { data }: Answer<AuditPage> = await this.auditList({ ...args, cursor }, options);
      yield* data.records;
      cursor = data.next ?? undefined;
    } while (cursor !== undefined);
  }

  /** Follow the chain of hashes from the first record to the last */
  async auditVerify(options: RequestOptions = {}): Promise<Answer<AuditReport, 200>> {
    return (await this.send({ method: "POST", path: "/v1/audit/verify", kind: "json" }, options)) as Answer<AuditReport, 200>;
  }

  /** The audit log as JSON Lines, oldest first */
  async auditExport(args: AuditExportArgs = {}, options: RequestOptions = {}): Promise<Answer<ReadableStream<Uint8Array>, 200>> {
    return (await this.send({ method: "GET", path: "/v1/audit/export", query: { from: args.from, to: args.to }, accept: "application/jsonl", kind: "stream" }, options)) as Answer<ReadableStream<Uint8Array>, 200>;
  }

  /** Is the process alive? */
  async healthz(options: RequestOptions = {}): Promise<Answer<Health, 200>> {
    return (await this.send({ method: "GET", path: "/healthz", kind: "json" }, options)) as Answer<Health, 200>;
  }

  /** Can it take requests? */
  async readyz(options: RequestOptions = {}): Promise<Answer<Readiness, 200>> {
    return (await this.send({ method: "GET", path: "/readyz", kind: "json" }, options)) as Answer<Readiness, 200>;
  }

  /** Numbers for Prometheus */
  async metrics(options: RequestOptions = {}): Promise<Answer<string, 200>> {
    return (await this.send({ method: "GET", path: "/metrics", accept: "text/plain, text/html;q=0.9, */*;q=0.1", kind: "text" }, options)) as Answer<string, 200>;
  }

  /** This description */
  async openapiGet(options: RequestOptions = {}): Promise<Answer<Record<string, unknown>, 200>> {
    return (await this.send({ method: "GET", path: "/v1/openapi.json", kind: "json" }, options)) as Answer<Record<string, unknown>, 200>;
  }
}
