// SPDX-License-Identifier: Apache-2.0
// The hadal dialect: everything that its generated code is made from.
#ifndef HADAL_IR_HADALOPS_TD
#define HADAL_IR_HADALOPS_TD

include "hadal/IR/HadalBase.td"
include "hadal/IR/HadalAttributes.td"
include "hadal/IR/HadalParameterOps.td"
include "hadal/IR/HadalCoreOps.td"
include "hadal/IR/HadalMLAOps.td"
include "hadal/IR/HadalMoEOps.td"
include "hadal/IR/HadalDispatchOps.td"

#endif // HADAL_IR_HADALOPS_TD
