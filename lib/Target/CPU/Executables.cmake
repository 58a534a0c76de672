# SPDX-License-Identifier: Apache-2.0
# From executables (dialect hadal) and images (dialect plan) to kernels.
add_dependencies(HadalTargetCPU HadalTargetCPUExecutablesGen HadalDialectGen PlanDialectGen)
target_link_libraries(HadalTargetCPU PUBLIC HadalDialect PlanDialect HadalTarget)
target_sources(HadalTargetCPU PRIVATE
  EmitCPUKernels.cpp
  ExecutableKernels.cpp
  ExecutableMatrixKernels.cpp
  CPUTarget.cpp
  KernelBody.cpp
  LowerImage.cpp)
